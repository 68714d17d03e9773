import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ShellError } from '../../domain/index.ts'

/** null while it does not listen on a port. */
export function addressOf(server: Server): AddressInfo | null {
  const address = server.address()
  return address === null || typeof address === 'string' ? null : address
}

export async function listenOn(server: Server, host: string, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const refused = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port))
    server.once('error', refused)
    server.listen(port, host, () => {
      server.off('error', refused)
      resolve()
    })
  })
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ShellError {
  if (error.code === 'EADDRINUSE')
    return new ShellError({
      code: 'http.port-taken',
      kind: 'conflict',
      message: `Port ${port} on ${host} is taken by another process.`,
      hint: 'Stop it, or set PORT to a free one.',
      cause: error,
    })
  if (error.code === 'EACCES')
    return new ShellError({
      code: 'http.port-forbidden',
      kind: 'denied',
      message: `This user may not listen on port ${port}.`,
      hint: 'Set PORT to one above 1023.',
      cause: error,
    })
  return new ShellError({
    code: 'http.address-unknown',
    kind: 'invalid',
    message: `Cannot listen on ${host}:${port}.`,
    hint: 'Check the host name or address to listen on.',
    cause: error,
  })
}
