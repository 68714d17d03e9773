/**
 * Goes on with a request when what it waits for is here. `errorOf` looks at that and gives what keeps the request from going on, as
 * does whatever is thrown. For hooks that need not wait for the most part: one that is async always does.
 */
export async function goOnLater<Value>(
  promised: Promise<Value>,
  errorOf: (value: Value) => Error | undefined,
  goOn: (error?: Error) => void,
): Promise<void> {
  let error: Error | undefined
  try {
    error = errorOf(await promised)
  } catch (thrown) {
    error = thrown as Error
  }
  goOn(error)
}
