namespace Keypace.EndToEnd;

/// <summary>Waiting for a condition, with a deadline instead of a guess.</summary>
internal static class Until
{
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(5);

    public static Task TrueAsync(Func<bool> condition, string what, TimeSpan? within = null) =>
        TrueAsync(() => Task.FromResult(condition()), what, within);

    public static async Task TrueAsync(Func<Task<bool>> condition, string what, TimeSpan? within = null)
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
