import type { FastifyRequest } from 'fastify'
import type { SignInPlace, TenantClaim } from '../../platform/tenancy/index.ts'
import type { HttpRooms } from './rooms.ts'

/** What a request says of its tenant beside its credential. */
export function claimOf(request: FastifyRequest): TenantClaim {
  const header = request.headers['x-aishell-tenant']
  return { host: request.hostname, header: Array.isArray(header) ? header.join(',') : header }
}

/** The tenant that somebody without a credential wants to sign in to. */
export function placeOf(request: FastifyRequest, { signInPlace }: Pick<HttpRooms, 'signInPlace'>): Promise<SignInPlace> {
  return signInPlace(claimOf(request))
}
