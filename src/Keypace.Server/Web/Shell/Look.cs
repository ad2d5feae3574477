using MudBlazor;

namespace Keypace.Server.Web.Shell;

/// <summary>
/// The component library's theme. Its colours are set in app.css from our own tokens instead, so that light and dark change without asking the
/// server and no page flashes.
/// </summary>
internal static class Look
{
    private static readonly string[] _font = ["Inter", "system-ui", "sans-serif"];

    public static readonly MudTheme Theme = new()
    {
        LayoutProperties = new LayoutProperties { DefaultBorderRadius = "6px" },
        Typography = new Typography
        {
            Default = new DefaultTypography { FontFamily = _font, FontSize = "14px", LineHeight = "20px" },
            Button = new ButtonTypography { FontFamily = _font, FontSize = "13.5px", FontWeight = "500", TextTransform = "none" },
        },
    };
}
