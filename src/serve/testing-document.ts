/** The server's OpenAPI document as TypeScript. */
import openapiTypescript, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { quietApp } from './testing.ts';

/** Gives the text of `client/schema.ts`. */
export async function clientTypes(): Promise<string> {
  const response = await quietApp().request('/openapi.json');
  const document = (await response.json()) as OpenAPI3;
  document.info.version = '1';
  const types = astToString(
    await openapiTypescript(document, {
      defaultNonNullable: false,
    }),
  );
  return `// Made from the server's OpenAPI document by \`npm run client:types\`.\n${types}`;
}
