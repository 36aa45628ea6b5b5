/** Asks for a token of the broker. */

import { useState } from "preact/hooks";
import { signIn } from "../api.ts";
import { loadSession, session } from "../state.ts";

export function SignIn() {
  const [error, setError] = useState<string>();
  if (!session.value?.signIn) {
    return (
      <p class="empty" role="alert">
        You may not see this dashboard. Sign in to the application that shows it.
      </p>
    );
  }
  return (
    <main class="sign-in">
      <form
        onSubmit={async (event) => {
          event.preventDefault();
          const token = String(new FormData(event.currentTarget).get("token") ?? "").trim();
          try {
            await signIn(token);
            await loadSession();
          } catch (error) {
            setError((error as Error).message);
          }
        }}
      >
        <h1>{session.value.title}</h1>
        <label>
          Token of the broker
          <input name="token" type="password" required autoComplete="current-password" autoFocus />
        </label>
        {error && <p class="wrong" role="alert">{error}</p>}
        <button type="submit" class="main">Sign in</button>
        <p class="hint">
          <code>millrace token new --scope read --scope manage</code> makes one.
        </p>
      </form>
    </main>
  );
}
