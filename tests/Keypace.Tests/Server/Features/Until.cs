namespace Keypace.Tests.Server.Features;

/// <summary>Waits for what another thread does in its own time (a store's writer, a deletion). Ends as soon as it is so.</summary>
internal static class Until
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(10);

    public static Task TrueAsync(Func<bool> happened) => TrueAsync(() => Task.FromResult(happened()));

    public static async Task TrueAsync(Func<Task<bool>> happened)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await happened())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < Deadline, "It did not happen.");
            await Task.Delay(Step, TimeProvider.System, TestContext.Current.CancellationToken);
        }
    }
}
