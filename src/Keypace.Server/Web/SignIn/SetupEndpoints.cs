using System.Text;
using Keypace.Domain;
using Keypace.Server.People.SettingUp;
using Keypace.Server.People.SignIn;
using Keypace.Server.Platform;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.WebUtilities;

namespace Keypace.Server.Web.SignIn;

/// <summary><c>/setup</c>: whoever has the one-time link becomes the owner. Looking at it changes nothing.</summary>
internal sealed class SetupEndpoints(Claim claim, BrowserCookie cookies, SignInOperations signIn, Passwords passwords, string? publicUrl)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/setup", ShowAsync).ExcludeFromDescription();
        routes.MapPost("/setup", TakeAsync).ExcludeFromDescription();
    }

    private Task ShowAsync(HttpContext context)
    {
        var token = context.Request.Query["token"].ToString();
        return claim.IsClaimed ? AlreadyClaimedAsync(context)
            : claim.MayClaim(token) ? FormAsync(context, StatusCodes.Status200OK, token, "", null)
            : BadLinkAsync(context);
    }

    private async Task TakeAsync(HttpContext context)
    {
        if (claim.IsClaimed)
        {
            await AlreadyClaimedAsync(context);
            return;
        }

        if (cookies.IsForeign(context.Request) && context.Request.Headers.Origin.ToString() != "null")
        {
            await Problems.WriteAsync(context, new Refusal(
                RefusalReason.Forbidden, "cross_site", "The form was sent from a page of another site. Open the set-up link itself and send it from there."));
            return;
        }

        if (!(await ReadFormAsync(context)).TryGet(out var form, out var refusal))
        {
            await Problems.WriteAsync(context, refusal);
            return;
        }

        // The token first: without it nobody makes this server hash passwords.
        if (!claim.MayClaim(form.Token))
        {
            await BadLinkAsync(context);
            return;
        }

        if (form.PasswordAgain is { } again && again != form.Password)
        {
            refusal = Refusal.Field("password_again", "The two passwords differ.", code: "password_refused");
        }
        else if ((await NewOwner.CreateAsync(form.Email, form.Password, passwords, context.RequestAborted)).TryGet(out var owner, out refusal))
        {
            // Not given up half-way when the browser leaves: either it is claimed, or the link still works.
            if ((await claim.TakeAsync(owner, From(context), RequestIds.Of(context), CancellationToken.None)).TryGet(out var first, out _))
                await DoneAsync(context, owner, first);
            else
                await AlreadyClaimedAsync(context);
            return;
        }

        await FormAsync(context, StatusCodes.Status422UnprocessableEntity, form.Token, form.Email, refusal.Detail);
    }

    private async Task DoneAsync(HttpContext context, NewOwner owner, FirstToken first)
    {
        var isSignedIn = false;
        if (cookies.WhyInsecure(context) is null
            && await signIn.AsNewOwnerAsync(owner.Email, From(context), RequestIds.Of(context), CancellationToken.None) is { } entry)
        {
            cookies.SetEntry(context, entry);
            isSignedIn = true;
        }

        await PlainPages.WriteAsync<SetupDonePage>(context, StatusCodes.Status200OK, new()
        {
            [nameof(SetupDonePage.Email)] = owner.Email,
            [nameof(SetupDonePage.Token)] = first.Token.Reveal(),
            [nameof(SetupDonePage.Address)] = PlainPages.AddressOf(context, publicUrl),
            [nameof(SetupDonePage.IsSignedIn)] = isSignedIn,
        });
    }

    private static string From(HttpContext context) => context.Connection.RemoteIpAddress?.ToString() ?? "";

    private static async Task<Outcome<SetupForm>> ReadFormAsync(HttpContext context)
    {
        var unreadable = new Refusal(RefusalReason.Malformed, "unreadable_form", "Send the fields token, email and password as a form (application/x-www-form-urlencoded).");
        if (!string.Equals(context.Request.ContentType?.Split(';')[0].Trim(), "application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase))
            return unreadable;
        if (!(await FormBody.ReadAsync(context.Request)).TryGet(out var body, out var refusal))
            return refusal;
        using (body)
            return new SetupForm(new FormCollection(QueryHelpers.ParseQuery(Encoding.UTF8.GetString(body.Original.Span))));
    }

    private static Task FormAsync(HttpContext context, int status, string token, string email, string? trouble) =>
        PlainPages.WriteAsync<SetupPage>(context, status, new()
        {
            [nameof(SetupPage.Token)] = token,
            [nameof(SetupPage.Email)] = email,
            [nameof(SetupPage.Trouble)] = trouble,
        });

    private static Task BadLinkAsync(HttpContext context) => PlainPages.NoticeAsync(
        context,
        StatusCodes.Status403Forbidden,
        "This link does not work",
        "It is wrong, or older than an hour. Start keypace serve again: it makes a new one and says where it is.");

    private static Task AlreadyClaimedAsync(HttpContext context) => PlainPages.NoticeAsync(
        context,
        StatusCodes.Status410Gone,
        "Keypace is set up already",
        "This Keypace has an owner, so the link is of no more use. A lost password is replaced with keypace owner reset.",
        "/",
        "Open Keypace");
}

/// <summary>What the form sends. Programs may leave the repeated password out.</summary>
internal sealed class SetupForm(IFormCollection form)
{
    public string Token => form["token"].ToString();

    public string Email => form["email"].ToString();

    public string Password => form["password"].ToString();

    public string? PasswordAgain => form.TryGetValue("password_again", out var again) ? again.ToString() : null;
}
