/** Goes on with a value: at once where it is there, later where it is promised. A promise costs more than most verdicts. */
export function andThen<Value, Next>(value: Value | Promise<Value>, goOn: (value: Value) => Next | Promise<Next>): Next | Promise<Next> {
  return value instanceof Promise ? value.then(goOn) : goOn(value)
}
