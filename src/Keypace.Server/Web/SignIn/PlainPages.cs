using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Keypace.Server.Web.SignIn;

/// <summary>Writes the pages that need no session.</summary>
internal static class PlainPages
{
    public static Task WriteAsync<TPage>(HttpContext context, int status, Dictionary<string, object?> parameters)
        where TPage : IComponent
    {
        WebHeaders.Apply(context.Response);
        return new RazorComponentResult<TPage>(parameters) { StatusCode = status }.ExecuteAsync(context);
    }

    public static Task NoticeAsync(HttpContext context, int status, string title, string text, string? link = null, string? linkText = null) =>
        WriteAsync<NoticePage>(context, status, new()
        {
            [nameof(NoticePage.Title)] = title,
            [nameof(NoticePage.Text)] = text,
            [nameof(NoticePage.Link)] = link,
            [nameof(NoticePage.LinkText)] = linkText,
        });

    /// <summary>How people reach this server: the setting <c>PublicUrl</c>, else the address that this request used, whose name was checked.</summary>
    public static string AddressOf(HttpContext context, string? publicUrl) =>
        publicUrl?.TrimEnd('/') ?? $"{context.Request.Scheme}://{context.Request.Host}";
}
