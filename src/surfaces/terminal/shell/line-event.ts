/** What came in at a prompt. */
export type LineEvent =
  | { readonly kind: 'line'; readonly text: string }
  /** Several lines pasted at once, not yet confirmed by Enter: they belong to one input. */
  | { readonly kind: 'pasted'; readonly text: string }
  /** Ctrl-C at the prompt; `wasEmpty`: there was nothing to throw away. */
  | { readonly kind: 'interrupt'; readonly wasEmpty: boolean }
  | { readonly kind: 'end' }
