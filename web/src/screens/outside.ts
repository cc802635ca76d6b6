// Screens of whoever is not in: signing in, and why one is not any more.
export { SignIn } from './SignIn.tsx';
