/** What is there already, or is promised. A promise, and the turn it takes, costs more than most of what a question does on its way. */
export type Awaitable<Value> = Value | Promise<Value>

/** Goes on with a value: at once where it is there, later where it is promised. */
export function andThen<Value, Next>(value: Awaitable<Value>, goOn: (value: Value) => Awaitable<Next>): Awaitable<Next> {
  return value instanceof Promise ? value.then(goOn) : goOn(value)
}

/** What `work` gives. Where that fails, at once or later, `undo` is called before the error goes on. */
export function orUndo<Value>(work: () => Awaitable<Value>, undo: () => void): Awaitable<Value> {
  const failed = (error: unknown): never => {
    undo()
    throw error
  }
  try {
    const value = work()
    return value instanceof Promise ? value.catch(failed) : value
  } catch (error) {
    return failed(error)
  }
}
