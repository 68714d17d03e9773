import { ShellError } from '../../domain/index.ts'

/** Of one response. Every token of the longest answer we read may come in an event of its own, of a few hundred bytes. */
const longestResponseBytes = 2 * 1024 * 1024

/** `fetch` whose body ends in an error where a model does not come to an end, whatever the SDK would make of it. */
export const cappedFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, init)
  if (response.body === null) return response
  let bytes = 0
  const cut = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > longestResponseBytes) controller.error(invalidAnswer('it does not end'))
      else controller.enqueue(chunk)
    },
  })
  const { status, statusText, headers } = response
  return new Response(response.body.pipeThrough(cut), { status, statusText, headers })
}

export function invalidAnswer(why: string, cause?: unknown): ShellError {
  return new ShellError({
    code: 'models.invalid-answer',
    kind: 'failed',
    message: `The language model’s answer cannot be used: ${why}.`,
    hint: 'Ask again, more simply, or in SQL.',
    cause,
  })
}
