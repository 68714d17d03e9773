import { openRowFile } from './row-file.ts'

/** The file stands there whole or not at all. */
export async function saveBody(response: Response, path: string): Promise<void> {
  const file = await openRowFile(path)
  try {
    for await (const chunk of response.body ?? []) await file.write(chunk)
    await file.keep()
  } catch (error) {
    await file.discard()
    throw error
  }
}
