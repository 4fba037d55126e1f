/** The report's style sheet: it stands in the file, which needs nothing else. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: light-dark(#ffffff, #11151b);
  --line: light-dark(#dfe3e8, #2e3743);
  --ink: light-dark(#1b2430, #e8ebf0);
  --soft: light-dark(#55606e, #a3aebc);
  --good: light-dark(#11703a, #6fd598);
  --bad: light-dark(#b3261e, #ff9b92);
  --open: light-dark(#855100, #f1c15c);
  --stable: light-dark(#6b7684, #8f9bab);
  --canary: light-dark(#b36b00, #f2b13c);
  --baseline: light-dark(#2456c5, #8fb1ff);
  --edge: light-dark(#c9a25c, #8f7d57);
  --band: light-dark(#c7770026, #f2b13c2e);
}
* { box-sizing: border-box; }
body {
  max-width: 1120px; margin: 0 auto; padding: 24px 16px 48px;
  background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
  font-variant-numeric: tabular-nums; overflow-wrap: anywhere;
}
h1 { margin: 0 0 8px; font-size: 24px; line-height: 1.25; }
h2 { margin: 32px 0 8px; padding-top: 12px; border-top: 1px solid var(--line); font-size: 18px; }
h3 { margin: 0; font-size: 15px; }
.summary { margin: 0; padding: 10px 14px; border-left: 4px solid var(--open); font-size: 16px; }
.summary.good { border-color: var(--good); }
.summary.bad { border-color: var(--bad); }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; margin: 8px 0; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: break-word; }
th { color: var(--soft); font-weight: 600; }
ul { margin: 8px 0; padding-left: 20px; }
.state-pass { color: var(--good); font-weight: 600; }
.state-fail { color: var(--bad); font-weight: 600; }
.state-inconclusive, .state-error { color: var(--open); font-weight: 600; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 440px), 1fr)); gap: 24px; }
figure { margin: 0; }
.note, .key { margin: 2px 0; color: var(--soft); font-size: 13px; }
.key { display: flex; flex-wrap: wrap; gap: 4px 14px; padding: 0; list-style: none; }
.key li::before { content: ""; display: inline-block; width: 14px; height: 3px; margin-right: 6px; vertical-align: middle; background: var(--tone); }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 11.5px; }
.grid { stroke: var(--line); fill: none; }
.line { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
.band { fill: var(--band); }
.stable { --tone: var(--stable); } .canary { --tone: var(--canary); } .baseline { --tone: var(--baseline); }
.edge { --tone: var(--edge); } .limit { --tone: var(--bad); }
.line { stroke: var(--tone); }
.line.edge { stroke-dasharray: 4 3; stroke-width: 1.3; }
.line.limit { stroke-dasharray: 7 4; stroke-width: 1.3; }
footer { margin-top: 32px; color: var(--soft); font-size: 13px; }
@media print { body { padding: 0; } h2 { break-after: avoid; } figure, tr { break-inside: avoid; } }
`;
