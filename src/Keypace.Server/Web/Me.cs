using Keypace.Domain;
using Keypace.Server.Management.Access;
using Keypace.Server.People.SignIn;
using Keypace.Server.Snapshots;
using Microsoft.AspNetCore.Components.Authorization;

namespace Keypace.Server.Web;

/// <summary>
/// The signed-in member of one open page, and the only way in which pages call operations: the same ones as the HTTP routes, with the same question
/// whether this caller may. Asked anew each time, for sessions end while pages stay open.
/// </summary>
internal sealed class Me(AuthenticationStateProvider authentication, Sessions sessions, TimeProvider time)
{
    private static readonly Refusal _ended = new(
        RefusalReason.Unauthenticated, "session_ended", "Your session has ended. Sign in again; what you typed is kept.");

    private string? _sessionId;
    private string? _from;

    /// <summary>Null when the session has ended.</summary>
    public async ValueTask<Session?> SessionAsync()
    {
        if (_sessionId is null)
        {
            var user = (await authentication.GetAuthenticationStateAsync()).User;
            _sessionId = user.FindFirst(PageGate.SessionClaim)?.Value ?? "";
            _from = user.FindFirst(PageGate.FromClaim)?.Value;
        }

        return sessions.Live(_sessionId);
    }

    /// <summary>Runs an operation as this member. Refuses with <c>session_ended</c>, or as the operation does, which knows what its caller must be allowed to.</summary>
    public async Task<Outcome<T>> AskAsync<T>(Func<Caller, Task<Outcome<T>>> operation)
        where T : notnull => await CallerAsync() is { } caller ? await operation(caller) : _ended;

    /// <summary>Somebody did something with the page: the session is in use.</summary>
    public async ValueTask TouchAsync()
    {
        if (await SessionAsync() is { } session)
            sessions.Touch(session);
    }

    private async ValueTask<Caller?> CallerAsync() => await SessionAsync() is { } session
        ? Caller.OfToken(sessions.AskerOf(session), _from, $"page_{session.Id}_{time.GetUtcNow().ToUnixTimeMilliseconds():x}")
        : null;
}
