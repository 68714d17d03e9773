/** What is there already, or is promised. A promise, and the turn it takes, costs more than most of what a question does on its way. */
export type Awaitable<Value> = Value | Promise<Value>

/** Goes on with a value: at once where it is there, later where it is promised. */
export function andThen<Value, Next>(value: Awaitable<Value>, goOn: (value: Value) => Awaitable<Next>): Awaitable<Next> {
  return value instanceof Promise ? value.then(goOn) : goOn(value)
}
