using Keypace.Server.Pacing.Journal;
using Keypace.Server.Pacing.Ledger;
using Keypace.Server.Platform.Settings;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Keypace.Server.Pacing;

/// <summary>The room's front door: what it adds to the server.</summary>
internal static class PacingFeature
{
    /// <param name="settings">Checked when they were read.</param>
    /// <param name="dataFolder">Where the journal lies.</param>
    /// <param name="isStoreNew">No key was ever stored, so nothing can have been sent: a missing journal is no unknown past.</param>
    public static IServiceCollection AddPacing(this IServiceCollection services, Settings settings, string dataFolder, bool isStoreNew) => services
        .AddSingleton(new PacingOptions
        {
            Guard = TimeSpan.FromMilliseconds(settings.Whole("Pacing:GuardMs")),
            QueueLimit = (int)settings.Whole("Pacing:QueueLimit"),
            CallerQueueLimit = (int)settings.Whole("Pacing:CallerQueueLimit"),
            MaxWait = TimeSpan.FromSeconds(settings.Number("Pacing:MaxWaitSeconds")),
        })
        .AddSingleton<IGrantLedger>(provider => PaceJournal.Open(
            new JournalDisk(dataFolder),
            new LinuxMachine(),
            provider.GetRequiredService<TimeProvider>(),
            isStoreNew,
            provider.GetRequiredService<ILogger<PaceJournal>>()))
        .AddSingleton<RateGroups>();
}
