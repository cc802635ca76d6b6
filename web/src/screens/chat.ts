// A conversation, and what is found in all of them, in one file: the list of chats is there before it.
import '../app.tsx';

export { MessageResults } from '../components/MessageResults.tsx';
export { ConversationScreen } from './Conversation.tsx';
