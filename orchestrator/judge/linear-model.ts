/** Least squares for evenly spaced measurements whose errors remember the ones before: AR(1). */

export interface Fit {
  readonly coefficients: readonly number[];
  readonly standardErrors: readonly number[];
  /** Sum of the squared innovations, the smaller the better the fit. */
  readonly loss: number;
  /** Independent measurements' worth of data beyond the coefficients. */
  readonly degreesOfFreedom: number;
}

/** Beyond it the errors are a random walk, and no trend can be told from them. */
const MOST_MEMORY = 0.98;

/**
 * Generalised least squares (Prais and Winsten 1954) of `y` on the columns. The errors' memory is
 * estimated from the ordinary residuals and corrected for its bias towards 0 (Kendall 1954).
 * Null when there are too few measurements or the columns say the same.
 */
export function fitWithMemory(y: readonly number[], columns: readonly Column[]): Fit | null {
  const n = y.length;
  const p = columns.length;
  if (n < p + 3) return null;
  const ordinary = solve(y, columns);
  if (ordinary === null) return null;
  const memory = memoryOf(residuals(y, columns, ordinary.coefficients), p);
  const whitened = solve(
    whiten(y, memory),
    columns.map((column) => whiten(column, memory)),
  );
  if (whitened === null) return null;
  const effective = (n * (1 - memory)) / (1 + memory);
  const degreesOfFreedom = Math.max(1, effective - p);
  const variance = whitened.loss / (n - p);
  return {
    coefficients: whitened.coefficients,
    standardErrors: whitened.inverseDiagonal.map((value) => Math.sqrt(variance * value)),
    loss: whitened.loss,
    degreesOfFreedom,
  };
}

/** The values of one regressor. */
export type Column = readonly number[];

interface Solution {
  readonly coefficients: number[];
  readonly inverseDiagonal: number[];
  readonly loss: number;
}

function memoryOf(residual: readonly number[], coefficients: number): number {
  let product = 0;
  let square = 0;
  residual.forEach((value, i) => {
    product += value * (residual[i - 1] ?? 0);
    square += value * value;
  });
  if (square === 0) return 0;
  const raw = product / square;
  const bias = (coefficients + (coefficients + 2) * raw) / residual.length;
  return Math.min(MOST_MEMORY, Math.max(0, raw + bias));
}

function whiten(values: readonly number[], memory: number): number[] {
  const first = Math.sqrt(1 - memory * memory);
  return values.map((value, i) =>
    i === 0 ? first * value : value - memory * (values[i - 1] ?? 0),
  );
}

function residuals(
  y: readonly number[],
  columns: readonly Column[],
  b: readonly number[],
): number[] {
  return y.map((value, i) =>
    columns.reduce((rest, x, j) => rest - (b[j] ?? 0) * (x[i] ?? 0), value),
  );
}

/** Ordinary least squares by the normal equations. */
function solve(y: readonly number[], columns: readonly Column[]): Solution | null {
  const gram = columns.map((a) => columns.map((b) => dot(a, b)));
  const inverse = invert(gram);
  if (inverse === null) return null;
  const right = columns.map((column) => dot(column, y));
  const coefficients = inverse.map((row) => dot(row, right));
  const rest = residuals(y, columns, coefficients);
  return {
    coefficients,
    inverseDiagonal: inverse.map((row, i) => row[i] ?? 0),
    loss: dot(rest, rest),
  };
}

/** Gauss and Jordan with pivots; null for a matrix that has no inverse. */
function invert(matrix: readonly (readonly number[])[]): number[][] | null {
  const n = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...matrix.map((_, j) => (i === j ? 1 : 0))]);
  for (let k = 0; k < n; k += 1) {
    const pivot = pivotRow(rows, k);
    const value = rows[pivot]?.[k] ?? 0;
    const scale = Math.abs(matrix[k]?.[k] ?? 0);
    if (Math.abs(value) <= 1e-12 * Math.max(scale, Number.MIN_VALUE)) return null;
    swap(rows, k, pivot);
    const top = (rows[k] ?? []).map((x) => x / value);
    rows[k] = top;
    rows.forEach((row, i) => {
      const factor = row[k] ?? 0;
      if (i !== k) rows[i] = row.map((x, j) => x - factor * (top[j] ?? 0));
    });
  }
  return rows.map((row) => row.slice(n));
}

function pivotRow(rows: readonly (readonly number[])[], k: number): number {
  let best = k;
  for (let i = k + 1; i < rows.length; i += 1) {
    if (Math.abs(rows[i]?.[k] ?? 0) > Math.abs(rows[best]?.[k] ?? 0)) best = i;
  }
  return best;
}

function swap(rows: number[][], a: number, b: number): void {
  const [first, second] = [rows[a], rows[b]];
  if (first === undefined || second === undefined) return;
  rows[a] = second;
  rows[b] = first;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
