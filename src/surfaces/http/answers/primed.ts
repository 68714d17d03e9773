/** The same events, the first of them already here: whoever may not ask at all is told so by status, before any head is sent. */
export async function primed<Event>(events: AsyncGenerator<Event>): Promise<AsyncGenerator<Event>> {
  let first: IteratorResult<Event, unknown> | null = await events.next()
  const iterator: AsyncGenerator<Event> = {
    next: async () => {
      const held = first
      first = null
      return held ?? events.next()
    },
    return: (value) => events.return(value),
    throw: (error) => events.throw(error),
    [Symbol.asyncIterator]: () => iterator,
    [Symbol.asyncDispose]: () => events[Symbol.asyncDispose](),
  }
  return iterator
}
