using Keypace.Domain;
using Keypace.Server.Gateway;
using Keypace.Server.Gateway.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Keypace.Server.Web.SignIn;

/// <summary>The body of a form before the sign-in, when nobody knows yet who sends it.</summary>
internal static class FormBody
{
    /// <summary>An address, a password and a token are far smaller.</summary>
    public const int MostBytes = 16 * 1024;

    public static async ValueTask<Outcome<RequestBody>> ReadAsync(HttpRequest request)
    {
        var context = request.HttpContext;
        var room = context.RequestServices.GetRequiredService<WaitingBodies>().For(WaitingBodies.Nobody);
        var time = context.RequestServices.GetRequiredService<TimeProvider>();
        var read = await RequestBody.ReadAsync(request, MostBytes, room, time, context.RequestAborted);
        return read.TryGet(out _, out var refusal) || refusal.Reason is not RefusalReason.TooLarge
            ? read
            : refusal with { Detail = $"The form is larger than {MostBytes:N0} bytes. Send the fields of the page and nothing else." };
    }
}
