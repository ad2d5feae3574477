using Keypace.Server.Web.Marks;


namespace Keypace.Server.Web.Shell;

/// <summary>The pages, in the order in which the sidebar shows them.</summary>
internal static class Menu
{
    private static readonly MenuEntry _dashboard = new("Dashboard", "/", Icons.SpaceDashboard);
    private static readonly MenuEntry _agents = new("Agents", "/agents", Icons.SmartToy);
    private static readonly MenuEntry _playground = new("Playground", "/playground", Icons.Science);
    private static readonly MenuEntry _keys = new("Keys", "/keys", Icons.Key);

    public static readonly IReadOnlyList<IReadOnlyList<MenuEntry>> Groups =
    [
        [_dashboard, _agents, _playground, _keys],
        [
            new("Usage", "/usage", Icons.BarChart),
            new("Team", "/team", Icons.Group),
            new("Tokens", "/tokens", Icons.Badge),
            new("Audit", "/audit", Icons.ReceiptLong),
        ],
        [
            new("Settings", "/settings", Icons.Settings),
            new("Docs", "/docs", Icons.MenuBook),
        ],
    ];

    public static readonly IReadOnlyList<MenuEntry> OnPhone = [_dashboard, _keys with { Href = "/keys?sort=-waiting" }, _agents, _playground];
}

/// <param name="Icon">The inside of an SVG of 24 by 24.</param>
internal sealed record MenuEntry(string Name, string Href, string Icon);
