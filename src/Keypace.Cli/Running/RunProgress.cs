using Keypace.Client;

namespace Keypace.Cli.Running;

/// <summary>Tells how far a run is: on a terminal in one line that is overwritten, elsewhere a line now and then.</summary>
internal sealed class RunProgress(RunCounts counts, Outlook? outlook, Terminal terminal)
{
    private static readonly TimeSpan s_redraw = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_askServer = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_newLine = TimeSpan.FromSeconds(15);

    private (TimeSpan Left, long At)? _reckoned;

    /// <summary>Runs until it is cancelled; leaves no half line behind.</summary>
    public async Task ShowAsync(CancellationToken ct)
    {
        var clock = terminal.Clock;
        var (asked, said) = (clock.GetTimestamp(), clock.GetTimestamp());
        try
        {
            while (true)
            {
                if (terminal.ErrorIsTerminal)
                {
                    terminal.Error.Write($"\r{counts.Line(Left())}\u001b[K");
                    terminal.Error.Flush();
                }
                else if (clock.GetElapsedTime(said) >= s_newLine)
                {
                    said = clock.GetTimestamp();
                    terminal.Error.WriteLine(counts.Line(Left()));
                }

                await Task.Delay(s_redraw, clock, ct);
                if (_reckoned is null || clock.GetElapsedTime(asked) >= s_askServer)
                {
                    asked = clock.GetTimestamp();
                    await ReckonAsync(ct);
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            if (terminal.ErrorIsTerminal)
                terminal.Error.Write("\r\u001b[K");
        }
    }

    /// <summary>Counts down between two answers of the server.</summary>
    private TimeSpan? Left() => _reckoned is { } told ? Max(told.Left - terminal.Clock.GetElapsedTime(told.At), TimeSpan.Zero) : null;

    private async Task ReckonAsync(CancellationToken ct)
    {
        if (outlook is null)
            return;

        try
        {
            var now = await outlook.NowAsync(ct);
            _reckoned = (outlook.Reckon(now, counts.Unsent), terminal.Clock.GetTimestamp());
        }
        catch (KeypaceException)
        {
            _reckoned = null;   // the questions themselves will tell what is wrong
        }
    }

    private static TimeSpan Max(TimeSpan left, TimeSpan right) => left > right ? left : right;
}
