using System.Threading.Channels;
using Keypace.Server.Management.Changes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Features.ApiKeys;

/// <summary>When deleted keys are due to be destroyed, in the order of their deletion.</summary>
internal sealed class DueDeletions
{
    private readonly Channel<DateTimeOffset> _due = Channel.CreateUnbounded<DateTimeOffset>(new UnboundedChannelOptions { SingleReader = true });

    public ChannelReader<DateTimeOffset> Reader => _due.Reader;

    public void Add(DateTimeOffset due) => _due.Writer.TryWrite(due);
}

/// <summary>Destroys deleted keys when their time is over; at start, all that an earlier run left. Sleeps while there are none.</summary>
internal sealed partial class DeletedKeySweeper(
    SnapshotLoading loading, DueDeletions due, ApiKeyDestruction destruction, TimeProvider time, ILogger<DeletedKeySweeper> logger) : BackgroundService
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (loading.FoundDeletedKeys)
            await DestroyAsync(time.GetUtcNow(), stoppingToken);
        await foreach (var next in due.Reader.ReadAllAsync(stoppingToken))
        {
            if (next - time.GetUtcNow() is { } wait && wait > TimeSpan.Zero)
                await Task.Delay(wait, time, stoppingToken);
            await DestroyAsync(next - ApiKeyOperations.RestorableFor, stoppingToken);
        }
    }

    private async Task DestroyAsync(DateTimeOffset deletedBefore, CancellationToken ct)
    {
        while (true)
        {
            try
            {
                if (await destruction.RunAsync(deletedBefore, ct) is > 0 and var count)
                    Log.KeysDestroyed(logger, count);
                return;
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                Log.DestructionFailed(logger, failure);
            }

            await Task.Delay(RetryAfter, time, ct);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(LogLevel.Information, "{Count} deleted API keys destroyed")]
        public static partial void KeysDestroyed(ILogger logger, int count);

        [LoggerMessage(LogLevel.Error, "Deleted API keys could not be destroyed; trying again")]
        public static partial void DestructionFailed(ILogger logger, Exception failure);
    }
}
