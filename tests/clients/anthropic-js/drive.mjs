// Does what an application does with Anthropic's SDK, against BASE_URL (…/keys/NAME) with TOKEN, and prints what it saw as one line of JSON.
import Anthropic from '@anthropic-ai/sdk';

const client = new Anthropic({ baseURL: process.env.BASE_URL, apiKey: process.env.TOKEN, maxRetries: 0 });
const ask = { model: 'claude-x', max_tokens: 64, messages: [{ role: 'user', content: 'Say hello.' }] };
const seen = {};

const message = await client.messages.create(ask);
seen.text = message.content.map((block) => block.text).join('');
seen.outputTokens = message.usage.output_tokens;

let streamed = '';
const stream = client.messages.stream(ask).on('text', (text) => { streamed += text; });
seen.stopReason = (await stream.finalMessage()).stop_reason;
seen.streamed = streamed;

try {
  await client.messages.create({ ...ask, model: 'no-such-model' });
} catch (error) {
  seen.missing = `${error.constructor.name} ${error.status}`;
}

try {
  await new Anthropic({ baseURL: process.env.BASE_URL, apiKey: 'not-a-token', maxRetries: 0 }).messages.create(ask);
} catch (error) {
  seen.stranger = `${error.constructor.name} ${error.status}`;
}

console.log(JSON.stringify(seen));
