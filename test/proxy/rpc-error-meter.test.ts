import { expect, test } from 'vitest';
import { RPC_ERROR_CODES, RpcErrorMeter } from '../../proxy/rpc-error-meter.js';

test('each known code has a label of its own, from the start', () => {
  const meter = new RpcErrorMeter();
  expect([...meter.on('canary').keys()]).toEqual([...RPC_ERROR_CODES.map(String), 'other']);
  RPC_ERROR_CODES.forEach((code) => meter.count('canary', code, 2));
  expect(new Set(RPC_ERROR_CODES.map((code) => meter.on('canary').get(String(code))))).toEqual(
    new Set([2]),
  );
  expect(meter.on('canary').get('other')).toBe(0);
  expect(meter.on('stable').get('-32603')).toBe(0);
});

test('codes that a server makes up make no labels', () => {
  const meter = new RpcErrorMeter();
  for (let code = 0; code < 1_000; code += 1) meter.count('stable', code);
  meter.count('stable', null);
  expect(meter.on('stable').size).toBe(RPC_ERROR_CODES.length + 1);
  expect(meter.on('stable').get('other')).toBe(1_001);
});
