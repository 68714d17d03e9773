import type { FastifyReply, FastifyRequest } from 'fastify'
import { ShellError } from '../../../domain/index.ts'
import type { SignedIn, Visitor } from '../../../platform/identity/index.ts'
import type { Browsers } from '../credentials.ts'

const deviceAgeS = 180 * 86_400

/** Who is at the other end, for sign-in. */
export function visitorOf(request: FastifyRequest, { cookies }: Browsers): Visitor {
  const agent = request.headers['user-agent'] ?? ''
  return { network: request.ip, client: agent.replace(/\p{Cc}/gu, ' ').slice(0, 200), device: cookies.read(request, 'device') }
}

/** A new session takes the place of whatever this browser had. */
export function leaveSession(reply: FastifyReply, signedIn: SignedIn, { cookies }: Browsers): void {
  cookies.set(reply, 'session', signedIn.session.text)
  cookies.set(reply, 'device', signedIn.device, deviceAgeS)
}

/** A path of ours to go on to; whatever would lead elsewhere is forgotten. */
export function localPath(wanted: unknown): string {
  const isLocal = typeof wanted === 'string' && /^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(wanted) && wanted.length <= 500
  return isLocal ? wanted : '/auth/account'
}

/** Says how long; the header is for programs. */
export function tooManyFailures(reply: FastifyReply, seconds: number): ShellError {
  void reply.header('retry-after', String(seconds))
  const time = seconds < 120 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`
  return new ShellError({
    code: 'identity.too-many-failures',
    kind: 'busy',
    message: `Too many sign-ins have failed from here. Try again in ${time}.`,
    hint: 'A browser you have signed in with before is not slowed by others. An admin can send you an invitation to set a new password.',
  })
}
