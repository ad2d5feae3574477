using Keypace.Contracts;
using Keypace.Server.Web.Forms;

namespace Keypace.Server.Web.Pages.Keys;

/// <content>A half-filled form outlives the server and the session, its secrets excepted.</content>
public sealed partial class KeyDialog
{
    private const string NewKeysDraft = "add-key";
    private const string ChangesDraft = "edit-key";

    private async Task RestoreAsync()
    {
        if (await Drafts.LoadAsync(Js, NewKeysDraft) is { } added)
            await AddAsync(added);
        else if (await Drafts.LoadAsync(Js, ChangesDraft) is { } changed && Drafts.RecordOf<ApiKey>(changed) is { } key)
            await EditAsync(key, KeyForm.OfDraft(changed, KeyForm.Of(key)));
    }

    private async Task ForgetAsync()
    {
        if (DraftName is { } name)
            await Drafts.ClearAsync(Js, name);
    }
}
