// An echo bot: answers every message in a direct conversation with the same words. Run it with three arguments:
// the server's address, a name and a password; it registers the name when it is new. Node 22, or 18 with a socket.
import { Client, rest } from '../src/index.ts';

const [url = 'http://127.0.0.1:8080', name = 'echo', password = 'echo-echo'] = process.argv.slice(2);

const session = await rest(url)
  .login({ name, password })
  .catch(() => rest(url).register({ name, password, display_name: 'Echo' }));

const bot = new Client({ url, session, client: 'echo/1.0' });

bot.on('entry', ({ entry, conversation, fresh }) => {
  if (!fresh || entry.kind !== 'text' || entry.from === session.user.id) return;
  if (conversation.kind === 'direct') bot.send(conversation.id, entry.text ?? '', entry.seq);
  bot.markRead(conversation.id, entry.seq);
});

bot.on('status', (status) => {
  if (status.state === 'online') console.log(`${name} is listening at ${url}`);
  if (status.state === 'signed_out') process.exit(1);
});

process.on('SIGINT', () => bot.stop().then(() => process.exit(0)));
await bot.start();
