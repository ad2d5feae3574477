using System.Data.Common;
using System.Net.Sockets;
using Keypace.Domain;
using Keypace.Domain.Hubs;
using Keypace.Domain.Pacing;
using Keypace.Server.Features;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Calls;
using Keypace.Server.Management.Changes;
using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Journal;
using Keypace.Server.Pacing.Ledger;
using Keypace.Server.People.SettingUp;
using Keypace.Server.People.SignIn;
using Keypace.Server.Platform;
using Keypace.Server.Platform.Logging;
using Keypace.Server.Platform.Settings;
using Keypace.Server.Snapshots;
using Keypace.Server.Storage;
using Keypace.Server.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Keypace.Server;

/// <summary>The server from its first step to its last. A contents page: each line's work is elsewhere.</summary>
public static partial class KeypaceServer
{
    /// <summary>Time that running queries have to end after SIGTERM.</summary>
    private static readonly TimeSpan _timeToEnd = TimeSpan.FromSeconds(30);

    /// <summary>What this machine lacks for the program to run, in a sentence; null when nothing. To be asked before anything else.</summary>
    /// <param name="arguments">What the program was started with.</param>
    public static string? WhatIsMissing(IReadOnlyList<string> arguments) => Prerequisites.WhatIsMissing(isServing: arguments is ["serve", ..]);

    /// <summary>
    /// To be called before all else in a process that serves. Its memory is shut to debuggers, and a crash leaves no image of it. A hub's answer is then carried on by the thread that saw it come, which saves a
    /// third of what a query costs (bench/README.md). So nothing after an answer of a hub may block; the runtime offers no other switch.
    /// </summary>
    /// <param name="arguments">What the program was started with.</param>
    public static void PrepareProcess(IReadOnlyList<string> arguments)
    {
        Diagnosis.ShutDoors(arguments);
        Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");
    }

    /// <summary>Serves until SIGTERM, SIGHUP, Ctrl+C or <paramref name="ct"/>. Gives an exit code of <see cref="ExitCodes"/>; says on the error stream why.</summary>
    public static async Task<int> RunAsync(ServeOptions options, CancellationToken ct)
    {
        using var stop = new StopSignals(ct);
        return await RunAsync(options, Surroundings.OfProcess(), stop.Token);
    }

    internal static async Task<int> RunAsync(ServeOptions options, Surroundings around, CancellationToken ct)
    {
        var folder = new DataFolder(options.Data);
        if (!options.Flags().TryGet(out var flags, out var refusal)
            || !Settings.Read(flags, around.Variables, folder.Settings).TryGet(out var settings, out refusal)
            || !ListenAddress.ParseAll(settings.Text("Urls")!.Split(',')).TryGet(out var wanted, out refusal)
            || !HubFiles.Load(Path.Combine(options.Data, HubFiles.FolderName)).TryGet(out var hubs, out refusal))
        {
            return await EndAsync(refusal, ExitCodes.WrongUsage, around);
        }

        try
        {
            if (!FirstStart.Open(folder, options.KekFile, around).TryGet(out var opened, out refusal))
                return await EndAsync(refusal, ExitCodes.Refused, around);
            await using (opened)
            {
                IReadOnlyList<ListenAddress> addresses = [.. wanted.Where(address => !address.IsOptional || address.Exists())];
                var claim = new Claim(opened.Store, opened.Vault, around.Random, around.Time, opened.IsClaimed);
                await using var app = Build(settings, hubs, opened, claim, addresses, around);
                return await ServeAsync(app, claim, settings, addresses, around, ct);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or DbException)
        {
            await around.Errors.WriteLineAsync($"It cannot go on with the data folder {folder.Path}: {failure.Message}{folder.WhoseItIs()}");
            return ExitCodes.Refused;
        }
    }

    private static WebApplication Build(
        Settings settings, HubCatalogue hubs, OpenedStore opened, Claim claim, IReadOnlyList<ListenAddress> addresses, Surroundings around)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = "Keypace.Server",
            ContentRootPath = AppContext.BaseDirectory,
            EnvironmentName = Environments.Production,
        });
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            Listening.Bound(kestrel, settings);
            Listening.Listen(kestrel, addresses, settings, around.Time);
        });
        builder.Logging.AddProvider(new LineLog(around.Errors, around.Time))
            .SetMinimumLevel(Enum.Parse<LogLevel>(settings.Text("Log:Level")!, ignoreCase: true))
            // At Information these log every URL and every statement.
            .AddFilter("Microsoft", LogLevel.Warning)
            // Only its being heard makes an Activity and a scope for every request, which nobody here reads.
            .AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None)
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel", LogLevel.None)   // that it cannot start is said in a sentence, below
            .AddFilter("Microsoft.AspNetCore.Server.Kestrel.", LogLevel.Warning)
            .AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None)
            .AddFilter("System", LogLevel.Warning);

        var services = builder.Services;
        services.Configure<HostOptions>(host => host.ShutdownTimeout = _timeToEnd);
        services.AddRoutingCore();
        services.AddOpenApi(openApi => openApi.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Keypace";
            document.Servers?.Clear();   // whoever reads it knows where it was read
            return Task.CompletedTask;
        }));
        services.AddSingleton(around.Time);
        services.AddSingleton(around.Random);
        services.AddSingleton(around.Passwords);
        services.AddSingleton(settings);
        services.AddSingleton(opened.Store);
        services.AddSingleton(opened.Vault);
        services.AddSingleton(claim);
        services.AddSingleton<Metrics>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<KnownPaths>();
        services.AddSingleton(new RequestIds(around.Time.GetUtcNow()));
        services.AddPacing(settings, opened.Store.Folder.Path, isStoreNew: !opened.Store.HasApiKeys());
        services.AddSingleton(provider => new LessonTable(opened.Store, around.Time, provider.GetRequiredService<ILogger<LessonTable>>()));
        services.AddSingleton(provider => new TroubleTable(opened.Store, around.Time, provider.GetRequiredService<ILogger<TroubleTable>>()));
        services.AddSingleton<ILessonStore>(provider => provider.GetRequiredService<LessonTable>());
        services.AddSingleton(hubs);
        services.AddGateway(settings);
        services.AddSingleton(provider => new UsageWriter(
            opened.Store, provider.GetRequiredService<Settlement>().Records, around.Time, provider.GetRequiredService<ILogger<UsageWriter>>()));
        services.AddSignIn(around.Random, settings.Text("PublicUrl"));
        services.AddFeatures();
        services.AddWeb(opened.Store);

        var app = builder.Build();
        var requestIds = app.Services.GetRequiredService<RequestIds>();
        var metrics = app.Services.GetRequiredService<Metrics>();
        var readiness = app.Services.GetRequiredService<Readiness>();
        metrics.AddCounter("keypace_requests_total", "Requests since the start.", () => requestIds.Count);
        metrics.AddGauge("keypace_memory_bytes", "Memory that the process holds.", () => Environment.WorkingSet);
        readiness.Add(() => claim.IsClaimed, "it has no owner yet");
        readiness.Add(() => !app.Lifetime.ApplicationStopping.IsCancellationRequested, "it is shutting down");
        readiness.Add(opened.Store.Answers, "its store does not answer");
        var journal = (PaceJournal)app.Services.GetRequiredService<IGrantLedger>();
        readiness.Add(() => journal.IsWritable, "its pacing journal cannot be written, most often because the disk is full; the log says why");
        StoringFigures.AddTo(metrics, journal, app.Services.GetRequiredService<Settlement>(), app.Services.GetRequiredService<UsageWriter>());
        ProcessFigures.AddTo(metrics, around.Time.GetUtcNow(), opened.Store.Folder.Path);
        foreach (var notice in opened.Notices)
            Log.Notice(app.Logger, notice);
        if (OpenFiles.WhyFewConnections(settings.Whole("Gateway:Connections"), OpenFiles.Limit) is { } few)
            Log.FewConnections(app.Logger, OpenFiles.Limit < OpenFiles.FewForMany ? LogLevel.Warning : LogLevel.Information, few);

        var names = new HostNames(addresses, settings.Text("PublicUrl"));
        app.Use(next => new Doorstep(requestIds, names, around.Time, next).InvokeAsync);
        app.Use(next => new LastResort(next, app.Services.GetRequiredService<KnownPaths>(), StoreFaults.RefusalOf, around.Time, app.Services.GetRequiredService<ILogger<LastResort>>()).InvokeAsync);
        app.Use(next => new UnclaimedGate(claim, next).InvokeAsync);
        app.UseTrustedProxies(settings);
        app.UseListedOrigins(settings);
        app.UseKeyNavigation(settings);
        app.UseGateway();   // the path of a query, which needs no routing
        app.Use(next => context => UnknownPaths.TidyAsync(context, next));
        app.UseRouting();
        app.UseAuthorization();   // for the pages' framework; where nobody says its place, it stands before every query
        app.UseWeb();
        PlainEndpoints.Map(app, readiness, metrics);
        app.MapFeatures();
        app.MapWeb(settings);
#pragma warning disable ASP0014 // The end of the line comes after the routes, so their place is said.
        app.UseEndpoints(_ => { });
#pragma warning restore ASP0014
        app.Run(UnknownPaths.RefuseAsync);
        return app;
    }

    private static async Task<int> ServeAsync(
        WebApplication app, Claim claim, Settings settings, IReadOnlyList<ListenAddress> addresses, Surroundings around, CancellationToken ct)
    {
        if (!claim.IsClaimed && settings.Text("SetupTokenFile") is { } tokenFile && claim.AcceptFrom(tokenFile) is { } refusal)
            return await EndAsync(refusal, ExitCodes.WrongUsage, around);
        var writer = app.Services.GetRequiredService<UsageWriter>();
        var rateGroups = app.Services.GetRequiredService<RateGroups>();
        var snapshots = app.Services.GetRequiredService<KeySnapshots>();
        claim.TokenCreated += row => snapshots.Put(RowMapping.Token(row)!);
        app.Services.GetRequiredService<SnapshotLoading>().Load();   // before the first request is taken
        app.Services.GetRequiredService<Sessions>().Load();
        writer.Start();
        // Whoever waits is told at once; whoever is being answered has the time of the shutdown.
        Task? pacerStopped = null;
        app.Lifetime.ApplicationStopping.Register(() => pacerStopped = rateGroups.StopAsync());
        try
        {
            await app.StartAsync(ct);
            var bound = Listening.Addresses(app);
            await around.Output.WriteLineAsync($"Keypace listens on {bound[0]}");
            if (!claim.IsClaimed && !claim.IsOpenToOtherMachines)
                await FirstStart.HandOutLinkAsync(claim, bound[0], app.Services.GetRequiredService<Store>().Folder, around);
            await around.Output.FlushAsync(ct);
            await app.WaitForShutdownAsync(ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested || app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // Told to stop while it began to listen: what follows ends it in order.
        }
        catch (Exception failure) when (failure is IOException or SocketException)
        {
            await around.Errors.WriteLineAsync(
                $"It cannot listen on {string.Join(", ", addresses.Select(address => $"{address.Address}:{address.Port}"))}: {failure.Message} Is Keypace, or its demo, running already? Stop it, or name another address: --urls http://127.0.0.1:{addresses[0].Port + 1}");
            return ExitCodes.Refused;
        }

        await (pacerStopped ?? rateGroups.StopAsync());
        app.Services.GetRequiredService<Settlement>().Complete();
        await writer.DisposeAsync();
        await app.Services.GetRequiredService<LessonTable>().DisposeAsync();
        await app.Services.GetRequiredService<TroubleTable>().DisposeAsync();
        return ExitCodes.Done;
    }

    private static async Task<int> EndAsync(Refusal refusal, int exitCode, Surroundings around)
    {
        await around.Errors.WriteLineAsync(refusal.Detail);
        return exitCode;
    }

    private static partial class Log
    {
        [LoggerMessage("{Sentence}")]
        public static partial void FewConnections(ILogger logger, LogLevel level, string sentence);

        [LoggerMessage(LogLevel.Warning, "{Sentence}")]
        public static partial void Notice(ILogger logger, string sentence);
    }
}
