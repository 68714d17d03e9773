import type { FastifyReply } from 'fastify'

/** Text that has been made safe to stand in a page. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = string | Html | readonly Html[] | null

/** A piece of a page; what is put in is escaped unless it is a piece itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return new Html(strings.map((text, index) => text + shown(parts[index] ?? null)).join(''))
}

function shown(part: Part): string {
  if (part === null) return ''
  if (part instanceof Html) return part.text
  if (typeof part !== 'string') return part.map((one) => one.text).join('')
  return part.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** Nothing runs in our pages, they load one style sheet, and their forms go back to us. */
const pagePolicy = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

export function sendPage(
  reply: FastifyReply,
  page: { readonly title: string; readonly body: Html; readonly goOnTo?: string },
  status = 200,
): FastifyReply {
  const goOn = page.goOnTo === undefined ? null : html`<meta http-equiv="refresh" content="0; url=${page.goOnTo}" />`
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        ${goOn}
        <title>${page.title} · AI-Shell</title>
        <link rel="stylesheet" href="/auth/style.css" />
      </head>
      <body>
        <main>
          <p class="brand"><span aria-hidden="true">›_</span> AI-Shell</p>
          <h1>${page.title}</h1>
          ${page.body}
        </main>
      </body>
    </html> `
  return reply
    .code(status)
    .header('content-security-policy', pagePolicy)
    .header('cache-control', 'no-store')
    .type('text/html; charset=utf-8')
    .send(document.text)
}

/** What went wrong, in the place where a person will look. */
export function notice(message: string | null, hint: string | null = null): Html | null {
  if (message === null) return null
  return html`<div class="notice" role="alert">
    <p>${message}</p>
    ${hint === null ? null : html`<p>${hint}</p>`}
  </div>`
}
