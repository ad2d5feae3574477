using Spectre.Console;

namespace Keypace.Demo;

/// <summary>A live line for each caller on a terminal; otherwise a plain line every two seconds.</summary>
internal static class DemoProgress
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);
    private const int StepsPerPlainLine = 20;

    /// <summary>Shows how far the callers are until <paramref name="work"/> is over.</summary>
    public static async Task ShowAsync(IReadOnlyList<DemoCaller> callers, Task work, TimeProvider time)
    {
        if (Console.IsOutputRedirected || !AnsiConsole.Profile.Capabilities.Interactive)
            await ShowPlainAsync(callers, work, time);
        else
            await ShowLiveAsync(callers, work, time);

        await work;
    }

    private static Task ShowLiveAsync(IReadOnlyList<DemoCaller> callers, Task work, TimeProvider time) =>
        AnsiConsole.Progress()
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .StartAsync(async progress =>
            {
                var lines = callers.Select(caller => progress.AddTask(caller.Name, maxValue: caller.Queries)).ToArray();
                do
                {
                    await Task.WhenAny(work, Task.Delay(Step, time));
                    for (var index = 0; index < lines.Length; index++)
                    {
                        lines[index].Value = callers[index].Answered;
                        lines[index].Description = $"{callers[index].Name} {callers[index].Answered,3} of {callers[index].Queries}";
                    }
                }
                while (!work.IsCompleted);
            });

    private static async Task ShowPlainAsync(IReadOnlyList<DemoCaller> callers, Task work, TimeProvider time)
    {
        var started = time.GetTimestamp();
        for (var step = 1; !work.IsCompleted; step++)
        {
            await Task.WhenAny(work, Task.Delay(Step, time));
            if (step % StepsPerPlainLine == 0)
            {
                var state = string.Join("   ", callers.Select(caller => $"{caller.Name} {caller.Answered,2} of {caller.Queries}"));
                Console.WriteLine(string.Create(Wire.Culture, $"  {time.GetElapsedTime(started).TotalSeconds,4:0} s   {state}"));
            }
        }
    }
}
