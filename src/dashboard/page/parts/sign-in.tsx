/** Asks for a token of the broker. */

import { useState } from "preact/hooks";
import { signIn } from "../api.ts";
import { loadSession, session } from "../state.ts";

export function SignIn() {
  const [error, setError] = useState<string>();
  if (!session.value?.signIn) {
    return (
      <main class="alone">
        <div role="alert">
          <h1>
            <span class="mark" aria-hidden="true" />Not for you yet
          </h1>
          <p>You may not see this dashboard. Sign in to the application that shows it.</p>
          <div>
            <button type="button" onClick={() => loadSession().catch(() => {})}>Try again</button>
          </div>
        </div>
      </main>
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
        <h1>
          <span class="mark" aria-hidden="true" />
          {session.value.title}
        </h1>
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
