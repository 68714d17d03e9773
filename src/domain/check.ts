/** One finding of whoever looks for what is wrong: `failed` does not work, `degraded` works and should be mended. */
export interface Check {
  readonly name: string
  readonly state: 'ok' | 'degraded' | 'failed'
  readonly detail: string
  /** The repair. */
  readonly hint?: string
}
