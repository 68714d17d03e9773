/** The one style sheet of the sign-in pages; light and dark, no fonts or images of its own. */
export const style = `:root {
  color-scheme: light dark;
  --ink: #1b2430; --soft: #5a6675; --line: #d5dbe3; --paper: #ffffff; --ground: #f2f4f7; --accent: #0b5fbf; --on-accent: #ffffff;
  --alarm: #8f1d1d; --alarm-ground: #fdf0ef;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ink: #e7ebf0; --soft: #9aa6b4; --line: #38424f; --paper: #1b222b; --ground: #12171d; --accent: #6cb0ff; --on-accent: #0b1520;
    --alarm: #ffb4ac; --alarm-ground: #3a1f1e;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--ground); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif;
}
main {
  width: 100%; max-width: 25rem; padding: 2rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: 0.75rem; box-shadow: 0 1px 3px rgb(0 0 0 / 8%);
}
.brand { margin: 0 0 1.25rem; color: var(--soft); font-weight: 600; }
.brand span { color: var(--accent); font-family: ui-monospace, monospace; }
h1 { margin: 0 0 1.25rem; font-size: 1.4rem; line-height: 1.25; }
p { margin: 0 0 1rem; }
label { display: block; margin-bottom: 1rem; font-weight: 600; }
input {
  display: block; width: 100%; margin-top: 0.3rem; padding: 0.6rem 0.7rem; font: inherit; color: inherit;
  background: var(--paper); border: 1px solid var(--line); border-radius: 0.4rem;
}
input.code { font-family: ui-monospace, monospace; font-size: 1.3rem; letter-spacing: 0.15em; text-transform: uppercase; }
input:focus-visible, button:focus-visible, a:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
button, a.button {
  display: block; width: 100%; padding: 0.65rem 1rem; font: inherit; font-weight: 600; text-align: center; text-decoration: none; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: 0.4rem;
}
button.quiet, a.quiet { color: var(--accent); background: transparent; border-color: var(--line); }
button + button, form + form, a.button + form, form + a.button { margin-top: 0.75rem; }
a { color: var(--accent); }
.or { display: flex; align-items: center; gap: 0.75rem; margin: 1.25rem 0; color: var(--soft); font-size: 0.9rem; }
.or::before, .or::after { content: ''; flex: 1; border-top: 1px solid var(--line); }
.notice { margin: 0 0 1.25rem; padding: 0.75rem 0.9rem; color: var(--alarm); background: var(--alarm-ground); border-radius: 0.4rem; }
.notice p:last-child { margin: 0; }
.soft { color: var(--soft); font-size: 0.9rem; }
.big-code { font-family: ui-monospace, monospace; font-size: 1.6rem; letter-spacing: 0.12em; text-align: center; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0.35rem 1rem; margin: 0 0 1.25rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
`
