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
  const fields = { kind: 'failed' as const, cause: error }
  if (error.code === 'EADDRINUSE')
    return new ShellError({
      ...fields,
      code: 'http.port-taken',
      message: `Port ${port} on ${host} is taken by another process.`,
      hint: 'Stop it, or set PORT to a free one.',
    })
  if (error.code === 'EACCES')
    return new ShellError({
      ...fields,
      code: 'http.port-forbidden',
      message: `This user may not listen on port ${port}.`,
      hint: 'Set PORT to one above 1023.',
    })
  return new ShellError({
    ...fields,
    code: 'http.address-unknown',
    message: `Cannot listen on ${host}:${port}.`,
    hint: 'Check the host name or address to listen on.',
  })
}
