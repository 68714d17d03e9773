import { z } from 'zod'
import type { App } from '../app.ts'
import { actorOf } from '../credentials.ts'
import { html, notice, sendPage } from '../pages/layout.ts'
import { tenantShown } from '../pages/tenant-shown.ts'
import type { HttpRooms } from '../rooms.ts'

type Rooms = Pick<HttpRooms, 'identity' | 'record' | 'office'>

const form = z.object({ code: z.string().max(40), decision: z.enum(['look', 'confirm', 'deny']) })

/** Where a person who has signed in confirms what a terminal shows. */
export function devicePages(app: App, rooms: Rooms): void {
  const { identity, record } = rooms
  app.get(
    '/auth/device',
    {
      config: { access: 'signed-in', isHtml: true },
      schema: { hide: true, querystring: z.object({ code: z.string().max(40).optional() }) },
    },
    async (request, reply) => sendPage(reply, { title: 'Sign a terminal in', body: codeForm(request.query.code ?? '', null) }),
  )
  app.post(
    '/auth/device',
    { config: { access: 'signed-in', isHtml: true, isForm: true }, schema: { hide: true, body: form } },
    async (request, reply) => {
      const actor = actorOf(request)
      const { code, decision } = request.body
      const asked = await identity.signIn.deviceLogin(actor, code)
      const unknown = (): ReturnType<typeof sendPage> =>
        sendPage(
          reply,
          { title: 'Sign a terminal in', body: codeForm('', 'No terminal waits with this code. It may have expired; start again there.') },
          404,
        )
      if (asked === null) return unknown()
      if (decision === 'look') {
        const body = html`<p>
            <strong>${asked.client}</strong> asks to act as <strong>${actor.name}</strong> of the tenant
            <strong>${await tenantShown(rooms, actor)}</strong>, with all your rights there, for 30 days.
          </p>
          <p class="big-code">${code.toUpperCase()}</p>
          <p>Go on only if you started this yourself and see this very code in your own terminal.</p>
          <form method="post" action="/auth/device">
            <input type="hidden" name="code" value="${code}" /> <button name="decision" value="confirm">Sign it in</button
            ><button name="decision" value="deny" class="quiet">It was not me</button>
          </form>`
        return sendPage(reply, { title: 'Is this your terminal?', body })
      }
      await record.note(actor, `device-${decision}`, asked.client)
      if (!(await identity.signIn.decideDeviceLogin(actor, code, decision === 'confirm'))) return unknown()
      const body =
        decision === 'confirm'
          ? html`<p>${asked.client} is signed in. You can close this page and go back to the terminal.</p>`
          : html`<p>Nothing was signed in. If somebody sent you the code, tell your admin.</p>`
      return sendPage(reply, { title: decision === 'confirm' ? 'Done' : 'Refused', body })
    },
  )
}

function codeForm(code: string, message: string | null) {
  return html`${notice(message)}
    <p>Type the code that <code>aishell login</code> shows you.</p>
    <form method="post" action="/auth/device">
      <input type="hidden" name="decision" value="look" />
      <label
        >Code<input
          class="code"
          name="code"
          value="${code}"
          autocomplete="off"
          autocapitalize="characters"
          spellcheck="false"
          required
          maxlength="20"
      /></label>
      <button>Go on</button>
    </form>`
}
