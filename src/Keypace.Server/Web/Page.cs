using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Keypace.Server.Web;

/// <summary>A plain HTML page: one style sheet of its own, no script, nothing from elsewhere, and a policy that allows just that.</summary>
internal static class Page
{
    private const string Style = """
        :root{color-scheme:light dark}
        body{font:16px/1.55 system-ui,sans-serif;max-width:44rem;margin:3rem auto;padding:0 1rem}
        h1{font-size:1.5rem}
        pre{padding:1rem;overflow-x:auto;border:1px solid #8886;border-radius:6px;font-size:.875rem;line-height:1.45}
        label{display:block;margin:1rem 0 .25rem}
        input{font:inherit;padding:.4rem .5rem;width:100%;box-sizing:border-box}
        button{font:inherit;margin-top:1.25rem;padding:.45rem 1.2rem}
        .trouble{border-left:4px solid #c33;padding-left:.75rem}
        """;

    private static readonly string _policy =
        $"default-src 'none'; style-src 'sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}'; "
        + "form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

    /// <param name="body">HTML; everything in it that came from outside went through <see cref="Text"/>.</param>
    public static Task WriteAsync(HttpContext context, int status, string title, string body)
    {
        var html = Encoding.UTF8.GetBytes(
            $"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
            + $"<title>{Text(title)}</title>\n<style>{Style}</style>\n</head>\n<body>\n<main>\n<h1>{Text(title)}</h1>\n{body}\n</main>\n</body>\n</html>\n");
        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = "text/html; charset=utf-8";
        response.ContentLength = html.Length;
        response.Headers.ContentSecurityPolicy = _policy;
        response.Headers.XFrameOptions = "DENY";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(html, context.RequestAborted).AsTask();
    }

    /// <summary>Text as HTML, also inside quoted attributes.</summary>
    public static string Text(string text) => WebUtility.HtmlEncode(text);

    /// <summary>How people reach this server: the setting <c>PublicUrl</c>, else the address that this request used, whose name was checked.</summary>
    public static string AddressOf(HttpContext context, string? publicUrl) =>
        publicUrl?.TrimEnd('/') ?? $"{context.Request.Scheme}://{context.Request.Host}";
}
