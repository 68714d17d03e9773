/** A switch of its own for work that another's signal ends too. The signal lives no longer than its call, and its listener with it. */
export function stopWith(signal: AbortSignal): AbortController {
  const stop = new AbortController()
  if (signal.aborted) stop.abort(signal.reason)
  else signal.addEventListener('abort', () => stop.abort(signal.reason), { once: true })
  return stop
}
