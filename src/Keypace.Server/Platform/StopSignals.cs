using System.Runtime.InteropServices;

namespace Keypace.Server.Platform;

/// <summary>
/// What tells the process to stop, heard from its first step on: SIGTERM, Ctrl+C, and the terminal that it was started from going away. Each ends it in order,
/// with running queries answered. A signal that is ignored already, as under nohup, stays ignored.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private readonly CancellationTokenSource _heard;
    private readonly List<PosixSignalRegistration> _registrations = [];

    /// <param name="ct">Stops it, too.</param>
    public StopSignals(CancellationToken ct)
    {
        _heard = CancellationTokenSource.CreateLinkedTokenSource(ct);
        foreach (var signal in (ReadOnlySpan<PosixSignal>)[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP])
            _registrations.Add(PosixSignalRegistration.Create(signal, Hear));
    }

    public CancellationToken Token => _heard.Token;

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _heard.Dispose();
    }

    private void Hear(PosixSignalContext context)
    {
        context.Cancel = true;   // else the system's own answer to it follows: the end, at once
        try
        {
            _heard.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It is ending already.
        }
    }
}
