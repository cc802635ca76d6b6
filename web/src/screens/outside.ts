// Screens that stand in place of everything else: signing in, why one is not any more, a version that is too old.
import '../app.tsx';

export { Outside } from './SignedOut.tsx';
export { UpdateNeeded } from './UpdateNeeded.tsx';
