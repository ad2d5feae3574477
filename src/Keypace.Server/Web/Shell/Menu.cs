using MudBlazor;

namespace Keypace.Server.Web.Shell;

/// <summary>The pages, in the order in which the sidebar shows them.</summary>
internal static class Menu
{
    private static readonly MenuEntry _dashboard = new("Dashboard", "/", Icons.Material.Outlined.SpaceDashboard);
    private static readonly MenuEntry _agents = new("Agents", "/agents", Icons.Material.Outlined.SmartToy);
    private static readonly MenuEntry _playground = new("Playground", "/playground", Icons.Material.Outlined.Science);
    private static readonly MenuEntry _keys = new("Keys", "/keys", Icons.Material.Outlined.Key);

    public static readonly IReadOnlyList<IReadOnlyList<MenuEntry>> Groups =
    [
        [_dashboard, _agents, _playground, _keys],
        [
            new("Usage", "/usage", Icons.Material.Outlined.BarChart),
            new("Team", "/team", Icons.Material.Outlined.Group),
            new("Tokens", "/tokens", Icons.Material.Outlined.Badge),
            new("Audit", "/audit", Icons.Material.Outlined.ReceiptLong),
        ],
        [
            new("Settings", "/settings", Icons.Material.Outlined.Settings),
            new("Docs", "/docs", Icons.Material.Outlined.MenuBook),
        ],
    ];

    public static readonly IReadOnlyList<MenuEntry> OnPhone = [_dashboard, _keys, _agents, _playground];
}

/// <param name="Icon">The inside of an SVG of 24 by 24.</param>
internal sealed record MenuEntry(string Name, string Href, string Icon);
