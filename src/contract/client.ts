import type { AnswerBody, AnswerEvent, DraftAnswerBody } from './answer.ts'
import type { ApprovalBody } from './approval.ts'
import type { CatalogBody } from './catalog.ts'
import type { ConnectionBody, ConnectionInput, PolicyBody, PrivilegeReport } from './connection.ts'
import type { AuditKeyBody, CheckpointBody, EntryBody, ExportQuery, PublicKeyBody, Verification } from './entry.ts'
import type { ReadyBody } from './health.ts'
import type { PersonErasureProofBody } from './person.ts'
import { problemShape, type Problem } from './problem.ts'
import type { DraftQuestionBody, QuestionBody } from './question.ts'
import { readEvents } from './event-stream.ts'
import type {
  ErasureProofBody,
  NewTenantBody,
  QuotasBody,
  TenantBody,
  TenantInput,
  TenantModelBody,
  TenantModelInput,
  UsageBody,
} from './tenant.ts'
import type { TokenBody, TokenInput, WhoamiBody } from './token.ts'

export interface ClientOptions {
  /** `http://127.0.0.1:8000`, without a trailing slash. */
  readonly baseUrl: string
  readonly token: string
  /** Sent as `x-aishell-surface`; the record keeps it. */
  readonly surface?: 'terminal' | 'console' | 'mcp'
  /** Sent as `x-aishell-tenant`: which tenant to sign in to, or is checked against the token. */
  readonly tenant?: string
}

/** The server said no; carries its problem document. */
export class ProblemError extends Error {
  readonly problem: Problem
  constructor(problem: Problem) {
    super(problem.detail)
    this.name = 'ProblemError'
    this.problem = problem
  }
}

export interface EntryQuery {
  readonly after?: string
  readonly limit?: number
  readonly connection?: string
  readonly member?: string
  /** ISO 8601. */
  readonly from?: string
  readonly to?: string
  /** Stands in the question or the statement. */
  readonly text?: string
  readonly state?: EntryBody['state']
}

export interface Page<Item> {
  readonly items: readonly Item[]
  readonly next: string | null
}

/** AI-Shell's HTTP API for programs: typed, streaming, without dependencies. Every method throws `ProblemError`. */
export class Client {
  readonly #options: ClientOptions

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** Answer events as they happen; aborting `signal` or leaving the loop cancels the question on the server. */
  async *ask(body: QuestionBody, signal?: AbortSignal): AsyncGenerator<AnswerEvent> {
    const response = await this.send('POST', '/api/v1/questions', { body, signal, accept: 'text/event-stream' })
    yield* readEvents(response)
  }

  async answer(body: QuestionBody, signal?: AbortSignal): Promise<AnswerBody> {
    return this.json('POST', '/api/v1/questions', body, signal)
  }

  /**
   * The rows as bytes. NDJSON says in its last line how it ended. CSV says so in `x-aishell-*` trailers, which fetch
   * does not show: after the last byte, ask `entry(response.headers.get('x-aishell-question'))`.
   */
  async export(body: QuestionBody, format: 'csv' | 'ndjson', signal?: AbortSignal): Promise<Response> {
    return this.send('POST', '/api/v1/questions', { body, signal, accept: format === 'csv' ? 'text/csv' : 'application/x-ndjson' })
  }

  async draft(body: DraftQuestionBody, signal?: AbortSignal): Promise<DraftAnswerBody> {
    return this.json('POST', '/api/v1/drafts', body, signal)
  }

  async cancel(questionId: string): Promise<void> {
    await this.send('DELETE', `/api/v1/questions/${encodeURIComponent(questionId)}`)
  }

  async whoami(): Promise<WhoamiBody> {
    return this.json('GET', '/api/v1/auth/whoami')
  }

  async connections(): Promise<readonly ConnectionBody[]> {
    return (await this.json<Page<ConnectionBody>>('GET', '/api/v1/connections')).items
  }

  async createConnection(input: ConnectionInput): Promise<ConnectionBody> {
    return this.json('POST', '/api/v1/connections', input)
  }

  async removeConnection(id: string): Promise<void> {
    await this.send('DELETE', `/api/v1/connections/${encodeURIComponent(id)}`)
  }

  async testConnection(id: string): Promise<PrivilegeReport> {
    return this.json('POST', `/api/v1/connections/${encodeURIComponent(id)}/test`)
  }

  async connection(idOrName: string): Promise<ConnectionBody> {
    return this.json('GET', `/api/v1/connections/${encodeURIComponent(idOrName)}`)
  }

  async updateConnection(id: string, input: ConnectionInput): Promise<ConnectionBody> {
    return this.json('PUT', `/api/v1/connections/${encodeURIComponent(id)}`, input)
  }

  /** As `testConnection`, for one that is not saved yet. */
  async testInput(input: ConnectionInput): Promise<PrivilegeReport> {
    return this.json('POST', '/api/v1/connections/test', input)
  }

  /** The whole catalog, page by page; with `search` only the first page, best matches first. */
  async catalog(connection: string, options: { readonly refresh?: boolean; readonly search?: string } = {}): Promise<CatalogBody> {
    const path = `/api/v1/connections/${encodeURIComponent(connection)}/catalog`
    const first = await this.json<CatalogBody>('GET', `${path}${queryOf(options)}`)
    const relations = [...first.relations]
    let next = options.search === undefined ? first.next : null
    while (next !== null) {
      const page: CatalogBody = await this.json('GET', `${path}${queryOf({ after: next })}`)
      relations.push(...page.relations)
      next = page.next
    }
    return { ...first, relations, next: null }
  }

  async policy(connection: string): Promise<PolicyBody> {
    return this.json('GET', `/api/v1/connections/${encodeURIComponent(connection)}/policy`)
  }

  async setPolicy(connection: string, policy: Partial<PolicyBody>): Promise<PolicyBody> {
    return this.json('PUT', `/api/v1/connections/${encodeURIComponent(connection)}/policy`, policy)
  }

  async approvals(
    options: { readonly state?: string; readonly mine?: boolean; readonly limit?: number; readonly after?: string } = {},
  ): Promise<Page<ApprovalBody>> {
    return this.json('GET', `/api/v1/approvals${queryOf(options)}`)
  }

  async approval(id: string): Promise<ApprovalBody> {
    return this.json('GET', `/api/v1/approvals/${encodeURIComponent(id)}`)
  }

  /** `approve` answers when the write has been run. */
  async decide(id: string, decision: 'approve' | 'reject', comment?: string): Promise<ApprovalBody> {
    return this.json('POST', `/api/v1/approvals/${encodeURIComponent(id)}/${decision}`, comment === undefined ? {} : { comment })
  }

  async cancelApproval(id: string): Promise<ApprovalBody> {
    return this.json('POST', `/api/v1/approvals/${encodeURIComponent(id)}/cancel`)
  }

  async history(options: EntryQuery = {}): Promise<Page<EntryBody>> {
    return this.json('GET', `/api/v1/history${queryOf(options)}`)
  }

  /** One entry of the record; its id is the question's. */
  async entry(id: string): Promise<EntryBody> {
    return this.json('GET', `/api/v1/history/${encodeURIComponent(id)}`)
  }

  /** Everybody's entries; needs the right to read the audit. */
  async audit(options: EntryQuery = {}): Promise<Page<EntryBody>> {
    return this.json('GET', `/api/v1/audit${queryOf(options)}`)
  }

  async auditVerify(): Promise<Verification> {
    return this.json('GET', '/api/v1/audit/verify')
  }

  /** For admins: checks exports offline, and could forge them. */
  async auditKey(): Promise<AuditKeyBody> {
    return this.json('GET', '/api/v1/audit/key')
  }

  async auditPublicKey(): Promise<PublicKeyBody> {
    return this.json('GET', '/api/v1/audit/public-key')
  }

  /** The whole chain unless a format of entries is named. */
  async auditExport(query: Partial<ExportQuery> = {}): Promise<Response> {
    return this.send('GET', `/api/v1/audit/export${queryOf(query)}`)
  }

  /** Signs the head of the record now. */
  async auditCheckpoint(): Promise<CheckpointBody> {
    return this.json('POST', '/api/v1/audit/checkpoints')
  }

  /** Removes what is older, under a signed tombstone; gives how many links. */
  async auditRetain(before: string): Promise<number> {
    return (await this.json<{ readonly removed: number }>('POST', '/api/v1/audit/retention', { before })).removed
  }

  async tokens(): Promise<readonly TokenBody[]> {
    return (await this.json<Page<TokenBody>>('GET', '/api/v1/tokens')).items
  }

  async createToken(input: TokenInput): Promise<TokenBody & { readonly token: string }> {
    return this.json('POST', '/api/v1/tokens', input)
  }

  async revokeToken(id: string): Promise<void> {
    await this.send('DELETE', `/api/v1/tokens/${encodeURIComponent(id)}`)
  }

  async tenants(): Promise<readonly TenantBody[]> {
    return (await this.json<Page<TenantBody>>('GET', '/api/v1/tenants')).items
  }

  async tenant(idOrName: string): Promise<TenantBody> {
    return this.json('GET', `/api/v1/tenants/${encodeURIComponent(idOrName)}`)
  }

  /** Its first admin's token is in the answer, this once. */
  async createTenant(input: TenantInput): Promise<NewTenantBody> {
    return this.json('POST', '/api/v1/tenants', input)
  }

  async setQuotas(idOrName: string, quotas: Partial<QuotasBody>): Promise<TenantBody> {
    return this.json('PUT', `/api/v1/tenants/${encodeURIComponent(idOrName)}/quotas`, quotas)
  }

  async suspendTenant(idOrName: string): Promise<TenantBody> {
    return this.json('POST', `/api/v1/tenants/${encodeURIComponent(idOrName)}/suspend`)
  }

  async resumeTenant(idOrName: string): Promise<TenantBody> {
    return this.json('POST', `/api/v1/tenants/${encodeURIComponent(idOrName)}/resume`)
  }

  /** NDJSON. */
  async exportTenant(idOrName: string): Promise<Response> {
    return this.send('GET', `/api/v1/tenants/${encodeURIComponent(idOrName)}/export`)
  }

  /** Only one that is suspended. */
  async eraseTenant(idOrName: string): Promise<ErasureProofBody> {
    return this.json('DELETE', `/api/v1/tenants/${encodeURIComponent(idOrName)}`)
  }

  /** By the id of a tenant that is gone. */
  async tenantErasure(id: string): Promise<ErasureProofBody> {
    return this.json('GET', `/api/v1/tenants/${encodeURIComponent(id)}/erasure`)
  }

  async tenantUsage(idOrName: string): Promise<UsageBody> {
    return this.json('GET', `/api/v1/tenants/${encodeURIComponent(idOrName)}/usage`)
  }

  /** NDJSON of all that is held about one person; of another tenant's, for operators. */
  async exportPerson(idOrName: string, tenant: string | null = null): Promise<Response> {
    return this.send('GET', `${personPath(idOrName, tenant)}/export`, { accept: 'application/x-ndjson' })
  }

  /** The proof is in this answer and in the store. `confirm`: the person's name. */
  async erasePerson(idOrName: string, confirm: string, tenant: string | null = null): Promise<PersonErasureProofBody> {
    return this.json('DELETE', `${personPath(idOrName, tenant)}?confirm=${encodeURIComponent(confirm)}`)
  }

  /** By the id of whoever was erased. */
  async personErasure(id: string, tenant: string | null = null): Promise<PersonErasureProofBody> {
    return this.json('GET', `${personPath(id, tenant)}/erasure`)
  }

  async setTenantModel(idOrName: string, input: Partial<TenantModelInput>): Promise<TenantModelBody> {
    return this.json('PUT', `/api/v1/tenants/${encodeURIComponent(idOrName)}/model`, input)
  }

  /** Never throws for a server that answers 503: the body says what is wrong. */
  async ready(): Promise<ReadyBody> {
    const response = await fetch(`${this.#options.baseUrl}/ready`)
    return (await response.json()) as ReadyBody // the server's own shape, see healthShape
  }

  async json<Body>(method: string, path: string, body?: unknown, signal?: AbortSignal): Promise<Body> {
    const response = await this.send(method, path, { body, signal, accept: 'application/json' })
    return (await response.json()) as Body // the server validates its answers against the contract before it sends them
  }

  async send(
    method: string,
    path: string,
    options: { body?: unknown; signal?: AbortSignal | undefined; accept?: string; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<Response> {
    const headers: Record<string, string> = {
      ...options.headers,
      authorization: `Bearer ${this.#options.token}`,
      accept: options.accept ?? '*/*',
      'x-aishell-surface': this.#options.surface ?? 'terminal',
      ...(this.#options.tenant === undefined ? {} : { 'x-aishell-tenant': this.#options.tenant }),
    }
    if (options.body !== undefined) headers['content-type'] = 'application/json'
    const response = await fetch(`${this.#options.baseUrl}${path}`, {
      method,
      headers,
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    })
    if (!response.ok) throw new ProblemError(await readProblem(response))
    return response
  }
}

function personPath(idOrName: string, tenant: string | null): string {
  const there = tenant === null ? '' : `/tenants/${encodeURIComponent(tenant)}`
  return `/api/v1${there}/people/${encodeURIComponent(idOrName)}`
}

async function readProblem(response: Response): Promise<Problem> {
  const text = await response.text()
  try {
    return problemShape.parse(JSON.parse(text))
  } catch {
    return {
      type: 'about:blank',
      title: response.statusText,
      status: response.status,
      code: 'client.not-aishell',
      detail: `The server answered ${response.status} without a problem document; is it AI-Shell?`,
    }
  }
}

function queryOf(fields: object): string {
  const pairs = Object.entries(fields).filter(([, value]) => value !== undefined)
  const query = new URLSearchParams()
  for (const [key, value] of pairs) query.set(key, String(value))
  return pairs.length === 0 ? '' : `?${query.toString()}`
}
