import process from 'node:process'

// What a container engine runs to ask whether this container's server is alive: no shell, no curl, no packages.
const address = `http://127.0.0.1:${process.env['PORT'] ?? '8000'}/health`
try {
  const response = await fetch(address, { signal: AbortSignal.timeout(4_000) })
  process.exitCode = response.ok ? 0 : 1
} catch (error) {
  process.stderr.write(`${address} does not answer: ${(error as Error).message}\n`)
  process.exitCode = 1
}
