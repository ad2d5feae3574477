using Keypace.Server.Platform.Settings;

namespace Keypace.Server.Gateway;

/// <summary>Bounds of a query on its way: the settings <c>Gateway:…</c>, whose limits and descriptions are in <see cref="SettingsTable"/>.</summary>
internal sealed class GatewayOptions
{
    /// <summary>Largest request body. Default 32 MiB.</summary>
    public long MaxBodyBytes { get; set; } = 32L * 1024 * 1024;

    /// <summary>Bodies of all requests on their way together. Default 512 MiB.</summary>
    public long WaitingBodiesBytes { get; set; } = 512L * 1024 * 1024;

    /// <summary>What one access token may have of <see cref="WaitingBodiesBytes"/>, in percent. Default 25.</summary>
    public long TokenBodiesPercent { get; set; } = 25;

    /// <summary>Longest time to open and secure a connection to a hub. Default 10.</summary>
    public double ConnectSeconds { get; set; } = 10;

    /// <summary>Longest wait for a hub's first byte after the query was sent. Default 600.</summary>
    public double FirstByteSeconds { get; set; } = 600;

    /// <summary>Longest silence between two pieces of an answer. Default 120.</summary>
    public double IdleSeconds { get; set; } = 120;

    public TimeSpan Connect => TimeSpan.FromSeconds(ConnectSeconds);

    public TimeSpan FirstByte => TimeSpan.FromSeconds(FirstByteSeconds);

    public TimeSpan Idle => TimeSpan.FromSeconds(IdleSeconds);

    public static GatewayOptions Of(Settings settings) => new()
    {
        MaxBodyBytes = settings.Whole("Gateway:MaxBodyBytes"),
        WaitingBodiesBytes = settings.Whole("Gateway:WaitingBodiesBytes"),
        TokenBodiesPercent = settings.Whole("Gateway:TokenBodiesPercent"),
        ConnectSeconds = settings.Number("Gateway:ConnectSeconds"),
        FirstByteSeconds = settings.Number("Gateway:FirstByteSeconds"),
        IdleSeconds = settings.Number("Gateway:IdleSeconds"),
    };

    /// <summary>The same bounds with other patience for the hub, for queries that bring their own.</summary>
    public GatewayOptions With(TimeSpan firstByte, TimeSpan idle)
    {
        var copy = (GatewayOptions)MemberwiseClone();
        (copy.FirstByteSeconds, copy.IdleSeconds) = (firstByte.TotalSeconds, idle.TotalSeconds);
        return copy;
    }
}
