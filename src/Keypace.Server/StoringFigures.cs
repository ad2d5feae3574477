using Keypace.Server.Gateway.Calls;
using Keypace.Server.Pacing.Journal;
using Keypace.Server.Platform;
using Keypace.Server.Storage;

namespace Keypace.Server;

/// <summary>What <c>/metrics</c> says of what is being written down.</summary>
internal static class StoringFigures
{
    public static void AddTo(Metrics metrics, PaceJournal journal, Settlement settlement, UsageWriter writer)
    {
        metrics.AddGauge("keypace_journal_writable", "1 where the pacing journal can be written, else 0: then nothing is granted past its last mark.", () => journal.IsWritable ? 1 : 0);
        metrics.AddGauge("keypace_usage_records_waiting", "Usage records that the store has yet to take, but for the batch in hand.", () => settlement.Records.Count);
        metrics.AddCounter("keypace_usage_records_total", "Usage records stored since the start.", () => writer.Written);
        metrics.AddCounter("keypace_usage_records_lost_total", "Usage records that were dropped since the start.", () => writer.Lost + settlement.Dropped);
    }
}
