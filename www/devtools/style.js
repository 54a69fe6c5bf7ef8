// @ts-check
// How the toolbar looks. `all: initial` and `!important` on the host keep the page's rules out: an important rule inside
// a shadow root wins over those of the page.

export const STYLE = `
:host {
  all: initial !important;
  position: fixed !important;
  inset: auto 12px 12px auto !important;
  z-index: 2147483647 !important;
  display: block !important;
  max-width: calc(100vw - 24px) !important;
  pointer-events: none !important;
  color-scheme: light dark !important;
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.frame {
  --back: #fff; --raised: #f6f7f8; --text: #1d2125; --soft: #59616b; --line: #dfe2e6; --accent: #0b57c2; --on-accent: #fff;
  --good: #0d6632; --good-back: #e3f4ea; --bad: #a01c12; --warm: #fff1cc; --on-warm: #5c4000; --warm-line: #e5c667;
  direction: ltr; text-align: left; color: var(--text);
  font: 400 13px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
  font-variant-numeric: tabular-nums; -webkit-text-size-adjust: 100%;
}
.badge, .panel { pointer-events: auto; background: var(--back); border: 1px solid var(--line); box-shadow: 0 2px 6px rgb(0 0 0 / 8%), 0 10px 32px rgb(0 0 0 / 14%); }
button, select { font: inherit; color: inherit; }
button { cursor: pointer; }
h2, h3, h4, p, ul, ol, dl, dd, fieldset, figure { margin: 0; padding: 0; border: 0; min-width: 0; }
ul, ol { list-style: none; }
code { font: 12px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.icon, .logo { width: 16px; height: 16px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round; stroke-linejoin: round; }
.logo { stroke-width: 2; color: var(--accent); }

.badge { display: flex; align-items: center; gap: 8px; margin-left: auto; max-width: 100%; height: 36px; padding: 0 14px 0 11px; border-radius: 18px; font-weight: 600; }
.badge:hover { border-color: var(--soft); }
.badge .text { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.forced .badge, .strip { background: var(--warm); color: var(--on-warm); border-color: var(--warm-line); }
.forced .badge .logo { color: inherit; }

.panel { display: flex; flex-direction: column; width: 440px; max-width: 100%; height: min(600px, 100vh - 24px, 78vh); border-radius: 12px; overflow: hidden; }
header { display: flex; align-items: center; gap: 8px; flex: none; padding: 8px 8px 8px 16px; }
h2 { font-size: 14px; font-weight: 600; line-height: 1.5; }
.where { flex: 1; min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; color: var(--soft); }
.tool { display: grid; place-items: center; width: 32px; height: 32px; padding: 0; border: 0; border-radius: 8px; background: none; color: var(--soft); }
.tool:hover { background: var(--raised); color: var(--text); }
.strip { display: flex; align-items: center; justify-content: space-between; gap: 12px; flex: none; padding: 6px 16px; border: solid var(--warm-line); border-width: 1px 0; }
.strip p { overflow-wrap: anywhere; }
.plain { flex: none; padding: 2px 10px; border: 1px solid currentColor; border-radius: 6px; background: none; font-weight: 600; }
.plain:hover { background: color-mix(in srgb, currentColor 10%, transparent); }

.tabs { display: flex; flex: none; gap: 16px; padding: 0 16px; overflow-x: auto; border-bottom: 1px solid var(--line); scrollbar-width: none; scroll-padding: 16px; }
.tabs::-webkit-scrollbar { display: none; }
[role=tab] { flex: none; padding: 8px 0 7px; border: 0; border-bottom: 2px solid transparent; background: none; color: var(--soft); font-weight: 500; }
[role=tab]:hover { color: var(--text); }
[role=tab][aria-selected=true] { color: var(--text); border-bottom-color: var(--accent); }
[role=tab]:focus-visible, .body:focus-visible { outline-offset: -2px; border-radius: 4px; }

.body { flex: 1; min-height: 0; overflow-y: auto; overscroll-behavior: contain; padding: 16px; scrollbar-width: thin; }
.body > * + * { margin-top: 20px; }
section > h3 { margin-bottom: 8px; color: var(--soft); font-size: 12px; font-weight: 600; line-height: 1.5; }
article { padding: 12px; border: 1px solid var(--line); border-radius: 8px; }
article + article { margin-top: 8px; }
.body > article + article { margin-top: 12px; }
.head { display: flex; align-items: baseline; justify-content: space-between; gap: 12px; }
h4 { font: inherit; min-width: 0; }
.name { font-weight: 600; overflow-wrap: anywhere; }
h4 .name + code, label code, .soft, .note, dt, small { color: var(--soft); }
h4 code { display: block; }
h4 code.name { font-size: 12.5px; }
small { font-size: 12px; }
.state { flex: none; max-width: 55%; padding: 1px 8px; border-radius: 10px; background: var(--raised); color: var(--soft); font-size: 12px; font-weight: 600; overflow-wrap: anywhere; }
.state.in { background: var(--good-back); color: var(--good); }
.value { flex: 0 1 auto; }
.reason { margin-top: 4px; color: var(--soft); }
.clause { display: block; margin-top: 6px; padding: 6px 8px; border-radius: 6px; background: var(--raised); color: var(--text); }
.when { margin-top: 6px; color: var(--soft); }
.note + .note { margin-top: 8px; }

fieldset { display: flex; flex-direction: column; gap: 2px; margin: 10px 0 0 -4px; }
label { display: inline-flex; align-items: baseline; gap: 8px; }
fieldset label { padding: 3px 4px; border-radius: 6px; cursor: pointer; }
fieldset label:hover { background: var(--raised); }
fieldset label > span { min-width: 0; }
fieldset .name { font-weight: 400; }
fieldset label:has(:checked) .name { font-weight: 600; }
input { flex: none; width: 14px; height: 14px; margin: 0; translate: 0 2px; accent-color: var(--accent); }

.folds { margin-top: 8px; display: flex; flex-direction: column; }
summary { width: fit-content; margin-left: -4px; padding: 2px 6px 2px 4px; border-radius: 6px; color: var(--accent); cursor: pointer; }
summary:hover { background: var(--raised); }
details[open] > summary { margin-bottom: 6px; }
.steps { display: flex; flex-direction: column; gap: 1px; padding-bottom: 4px; }
.steps li { display: grid; grid-template-columns: 14px 92px 1fr; gap: 8px; color: var(--soft); }
.steps .settled { color: var(--text); font-weight: 600; }
.row { display: flex; align-items: center; justify-content: space-between; gap: 12px; margin: 8px 0; }
.row label { align-items: center; min-width: 0; }
select { min-width: 0; max-width: 220px; height: 28px; padding: 0 6px; border: 1px solid var(--line); border-radius: 6px; background: var(--back); }
.command { display: block; white-space: pre-wrap; padding: 8px 10px; border-radius: 6px; background: var(--raised); user-select: all; }

dl > div { display: grid; grid-template-columns: 128px minmax(0, 1fr); gap: 12px; padding: 4px 0; }
dl:not(.figures) > div + div { border-top: 1px solid var(--line); }
dd { overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: 8px; margin-bottom: 8px; }
.figures > div { display: flex; flex-direction: column-reverse; gap: 0; padding: 8px 10px; border-radius: 8px; background: var(--raised); }
.figures dd { font-size: 18px; font-weight: 600; line-height: 1.3; }
.figures dt { font-size: 12px; }

table { width: 100%; border-collapse: collapse; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; font-weight: 400; overflow-wrap: anywhere; }
tbody tr:last-child > * { border-bottom: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--soft); font-size: 12px; }
tbody th { min-width: 120px; max-width: 200px; }
.numbers { margin: 8px 0; }
.numbers th:not(:first-child), .numbers td { text-align: right; white-space: nowrap; }
.line { display: block; }
.tag { display: inline-block; margin-left: 6px; padding: 0 6px; border-radius: 8px; background: var(--raised); color: var(--soft); font-size: 11px; line-height: 1.5; white-space: nowrap; }
.bad { color: var(--bad); }
.problems { display: flex; flex-direction: column; gap: 6px; overflow-wrap: anywhere; color: var(--bad); }
ul:not([class]) li { padding: 2px 0; }

@media (prefers-color-scheme: dark) {
  .frame {
    --back: #1b1e22; --raised: #272b31; --text: #e8eaed; --soft: #a5adb8; --line: #363b42; --accent: #8ab6ff; --on-accent: #10213d;
    --good: #86dba6; --good-back: #173526; --bad: #ff9d93; --warm: #3d3213; --on-warm: #f6dc98; --warm-line: #66541f;
  }
  .badge, .panel { box-shadow: 0 2px 6px rgb(0 0 0 / 40%), 0 10px 32px rgb(0 0 0 / 50%); }
}
@media (max-width: 480px) {
  :host { inset: auto 8px 8px 8px !important; max-width: none !important; }
  .panel { width: 100%; height: min(70vh, 560px); }
  .tabs { gap: 9px; padding: 0 12px; scroll-padding: 12px; }
  header { padding-left: 12px; }
  .strip { padding: 6px 12px; }
  .body { padding: 12px; }
  dl > div { grid-template-columns: 104px minmax(0, 1fr); }
  .figures > div { padding: 8px; }
  .tool { width: 40px; height: 40px; }
  [role=tab] { padding: 10px 0 9px; }
}
@media (prefers-reduced-motion: no-preference) {
  .panel { animation: rise 140ms ease-out; }
  @keyframes rise { from { opacity: 0; transform: translateY(6px); } }
}
@media print { :host { display: none !important; } }
`;
