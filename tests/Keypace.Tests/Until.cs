using System.Runtime.CompilerServices;

namespace Keypace.Tests;

/// <summary>Waits for what another thread or process does in its own time, with a deadline instead of a guess. Ends as soon as it is so.</summary>
internal static class Until
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    /// <param name="what">What was waited for, for the failure; the condition itself when it is left out.</param>
    public static Task TrueAsync(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string what = "", TimeSpan? within = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, within);

    /// <inheritdoc cref="TrueAsync(Func{bool}, string, TimeSpan?)"/>
    public static async Task TrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string what = "", TimeSpan? within = null)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(started) > (within ?? Deadline))
                Assert.Fail($"Waited {(within ?? Deadline).TotalSeconds} s in vain: {what}");

            await Task.Delay(Step, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>The task's result, or a failure that says what was waited for.</summary>
    public static async Task<T> DoneAsync<T>(Task<T> task, string what, TimeSpan? within = null)
    {
        await TrueAsync(() => task.IsCompleted, what, within);
        return await task;
    }
}
