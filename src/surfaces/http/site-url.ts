import type { FastifyRequest } from 'fastify'
import { tenantNamedBy, tenantUrl, type Addresses } from '../../platform/tenancy/index.ts'

/** The address of the pages at the host that is asked: a tenant's own, or the installation's. */
export function siteUrl(request: FastifyRequest, addresses: Addresses): string {
  const named = tenantNamedBy(request.hostname, addresses)
  const tenants = named === null ? null : tenantUrl(named, addresses)
  return tenants ?? addresses.publicUrl ?? `http://${request.host}`
}
