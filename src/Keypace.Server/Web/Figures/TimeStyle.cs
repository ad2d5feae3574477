namespace Keypace.Server.Web.Figures;

public enum TimeStyle
{
    /// <summary>"now", "18 s ago", "14:05", "12 Nov".</summary>
    Past,

    /// <summary>"14:32:41".</summary>
    Clock,

    /// <summary>"in 4.2 s", counted down.</summary>
    Countdown,

    /// <summary>"14:32:16.8".</summary>
    Exact,

    /// <summary>"23 Nov 2026".</summary>
    Day,
}
