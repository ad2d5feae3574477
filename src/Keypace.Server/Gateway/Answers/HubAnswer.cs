using Keypace.Server.Gateway.Auth;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Gateway.Requests;
using Keypace.Server.Gateway.Wire;
using Keypace.Server.Pacing;

namespace Keypace.Server.Gateway.Answers;

/// <summary>A hub's answer whose head is here and whose body is still to come (or was read because it is small). Dispose frees the connection.</summary>
/// <param name="turn">Ends with the answer: what it used is settled, and it no longer counts as under way.</param>
internal sealed class HubAnswer(HttpResponseMessage response, Credential credential, HubLine line, Turn turn, Tally tally) : IDisposable
{
    private bool _isDisposed;

    public int Status => (int)response.StatusCode;

    public HttpResponseMessage Response => response;

    /// <summary>The body of an answer that is small, the key's secret starred out; null when it was not read (<see cref="AnswerReading"/>).</summary>
    public byte[]? Small { get; set; }

    /// <summary>What broke the body of <see cref="Small"/> off; null when it came whole.</summary>
    public Exception? Broken { get; set; }

    /// <summary>True when the answer was read to its end.</summary>
    public bool IsWhole { get; set; }

    /// <summary>True when the hub said that waiting does not help; known once its limits were learned.</summary>
    public bool IsTerminal { get; set; }

    /// <summary>True for a refusal that was waited for already, as long as anybody would: trying it again at once helps nobody.</summary>
    public bool WasWaitedFor { get; set; }

    /// <summary>Trying again does not help: the caller is told.</summary>
    public bool IsFinal => IsTerminal || WasWaitedFor;

    /// <summary>Stars the key's secret out of what goes on to the caller; null when there is none to look for.</summary>
    public SecretScrub? Scrub { get; } = StrictWithErrors(credential.Scrub, (int)response.StatusCode);

    public string? HeaderOf(string name) =>
        response.Headers.NonValidated.TryGetValues(name, out var values) ? values.ToString()
        : response.Content.Headers.NonValidated.TryGetValues(name, out values) ? values.ToString() : null;

    private static SecretScrub? StrictWithErrors(SecretScrub? scrub, int status)
    {
        if (scrub is not null)
            scrub.IsStrict = status >= 400;
        return scrub;
    }

    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        response.Dispose();
        credential.Dispose();
        line.Leave();
        if (turn.WantsSettling)
            TokenNeed.Settle(turn, Status, IsWhole, tally.Usage);
        turn.Ended();
    }
}
