# Errors: the record to throw, its category, what it recommends, and whether it ends a pipeline.

# Kinds of failure whose category the HTTP status does not tell.
$script:CodeCategories = @{
    not_signed_in         = 'AuthenticationError'
    no_identity           = 'AuthenticationError'
    no_own_token          = 'AuthenticationError'
    arc_challenge_refused = 'SecurityError'
    no_answer             = 'ConnectionError'
    not_the_broker        = 'ConnectionError'
    broker_unknown        = 'InvalidArgument'
    audience_unknown      = 'InvalidArgument'
    parameter_refused     = 'InvalidArgument'
    module_missing        = 'NotInstalled'
    confirmation_needed   = 'InvalidOperation'
    wrong_organization    = 'InvalidOperation'
    organization_unknown  = 'InvalidOperation'
}
# What needs a person, or the broker's administrator, is an invalid operation: nothing here can be said otherwise.
$script:StatusCategories = @{
    401 = 'AuthenticationError'
    403 = 'PermissionDenied'
    404 = 'ObjectNotFound'
    411 = 'InvalidArgument'
    413 = 'InvalidArgument'
    429 = 'ResourceUnavailable'
    503 = 'ResourceUnavailable'
}
# What is wrong with who asks, or with the way there, is wrong for every row.
$script:CodesOfAll = 'role_missing', 'no_answer', 'not_the_broker', 'confirmation_needed'

# The ErrorRecord to throw: its id is the stable code, and its exception's Data holds what a script may ask for.
function Get-Failure {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param(
        [Parameter(Mandatory)][string] $Code,
        [Parameter(Mandatory)][string] $Message,
        [AllowEmptyString()][string] $Recommendation = '',
        [string] $CorrelationId = '',
        [string[]] $AuthorityCode = @(),
        [int] $Status = 0
    )
    $trail = if ($CorrelationId) { " (correlation id $CorrelationId)" } else { '' }
    $whole = "$Message $Recommendation".Trim() + $trail
    $exception = [System.InvalidOperationException]::new($whole)
    $exception.Data['Code'] = $Code
    $exception.Data['CorrelationId'] = $CorrelationId
    $exception.Data['Status'] = $Status
    $exception.Data['AuthorityCodes'] = $AuthorityCode
    $category = Get-FailureCategory -Code $Code -Status $Status
    $record = [System.Management.Automation.ErrorRecord]::new($exception, $Code, $category, $null)
    if ($Recommendation) {
        # PowerShell 7 shows the recommendation on a line of its own; Windows PowerShell shows the message alone.
        $shown = if ($PSVersionTable.PSEdition -eq 'Core') { $Message + $trail } else { $whole }
        $record.ErrorDetails = [System.Management.Automation.ErrorDetails]::new($shown)
        $record.ErrorDetails.RecommendedAction = $Recommendation
    }
    $record
}

function Get-FailureCategory {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorCategory])]
    param([string] $Code, [int] $Status)
    if ($script:CodeCategories.ContainsKey($Code)) { return $script:CodeCategories[$Code] }
    if ($Code -eq 'invalid_request') { return 'InvalidArgument' }
    if ($script:StatusCategories.ContainsKey($Status)) { return $script:StatusCategories[$Status] }
    'InvalidOperation'
}

# The failure in an answer of the broker, with what to do in words of this module's commands.
function Get-BrokerFailure {
    [CmdletBinding()]
    [OutputType([System.Management.Automation.ErrorRecord])]
    param([Parameter(Mandatory)] $Answer, [string] $AskedAs = '', [string] $Audience = '', [hashtable] $Asked = @{})
    $content = $Answer.Content
    $code = Get-PlainText -Value (Get-Field -Object $content -Name 'code')
    $sentence = Get-PlainText -Value (Get-Field -Object $content -Name 'error_description')
    if (-not $code -or -not $sentence) {
        # Such as a gateway before the broker, which is busy or finds it away.
        $again = if ($Answer.Status -eq 429 -or $Answer.Status -ge 500) { 'Try again later. ' } else { '' }
        return Get-Failure -Code 'not_the_broker' -Status $Answer.Status -Message "HTTP $($Answer.Status), and not in the broker's words." -Recommendation "${again}Check -BrokerUrl (or BROKER_URL)."
    }
    $recommendation = Get-Recommendation -Act (Get-Field -Object $content -Name 'act') -Known @{ audience = $Audience } -Asked $Asked
    $says = Get-PlainText -Value (Get-Field -Object $content -Name 'says')
    # Where this module has no words for the act, the broker's sentence has its own.
    if ($recommendation -and $says) { $sentence = $says } else { $recommendation = '' }
    if ($AskedAs -and $Answer.Status -in 401, 403) { $sentence += " (You asked as $AskedAs.)" }
    $more = @{
        CorrelationId = [string] (Get-PlainText -Value (Get-Field -Object $content -Name 'correlation_id'))
        AuthorityCode = @(Get-AuthorityCode -Number (Get-Field -Object $content -Name 'error_codes'))
    }
    Get-Failure -Code $code -Status $Answer.Status -Message "${code}: $sentence" -Recommendation $recommendation @more
}

# Whether every other row would fail alike.
function Test-FailureOfAll {
    [CmdletBinding()]
    [OutputType([bool])]
    param([Parameter(Mandatory)][System.Management.Automation.ErrorRecord] $Record)
    $data = $Record.Exception.Data
    # A gateway that is busy for one row may not be for the next.
    if ($data['Code'] -eq 'not_the_broker' -and ($data['Status'] -eq 429 -or $data['Status'] -ge 500)) { return $false }
    $data['Status'] -eq 401 -or $data['Code'] -in $script:CodesOfAll -or $Record.CategoryInfo.Category -eq 'AuthenticationError'
}

# A command's failure at one target: in a pipeline an error of that row, which does not end the others.
function Write-Failure {
    [CmdletBinding()]
    param(
        [Parameter(Mandatory)][System.Management.Automation.PSCmdlet] $Cmdlet,
        [Parameter(Mandatory)][System.Management.Automation.ErrorRecord] $Record,
        [AllowNull()][AllowEmptyString()][string] $Target,
        # What came through the pipeline was one thing, and no rows.
        [switch] $Ends
    )
    if ($Record.Exception -is [System.Management.Automation.PropertyNotFoundException]) {
        # In JSON, and without what an answer of the broker's has: something else is at this address.
        $Record = Get-Failure -Code 'not_the_broker' -Message "The answer is not the broker's." -Recommendation 'Check -BrokerUrl (or BROKER_URL).'
    }
    $id = ($Record.FullyQualifiedErrorId -split ',')[0]
    $told = [System.Management.Automation.ErrorRecord]::new($Record.Exception, $id, $Record.CategoryInfo.Category, $Target)
    $told.ErrorDetails = $Record.ErrorDetails
    Clear-InnerError -Cmdlet $Cmdlet -Exception $Record.Exception
    if ($Ends -or -not $Cmdlet.MyInvocation.ExpectingInput -or (Test-FailureOfAll -Record $Record)) {
        $Cmdlet.ThrowTerminatingError($told)
    }
    # The caller's own, where no -ErrorAction says otherwise: this module's is Stop.
    $ErrorActionPreference = $Cmdlet.SessionState.PSVariable.GetValue('ErrorActionPreference')
    $Cmdlet.WriteError($told)
}

# PowerShell puts what a function throws and catches within itself into its caller's -ErrorVariable too.
function Clear-InnerError {
    [CmdletBinding()]
    param([System.Management.Automation.PSCmdlet] $Cmdlet, [System.Exception] $Exception)
    $name = $Cmdlet.MyInvocation.BoundParameters['ErrorVariable']
    if (-not $name) { return }
    $errors = $Cmdlet.SessionState.PSVariable.GetValue($name.TrimStart('+'))
    if ($errors -isnot [System.Collections.ArrayList]) { return }
    foreach ($one in $errors.ToArray()) {
        $inner = if ($one -is [System.Management.Automation.RuntimeException]) { $one.ErrorRecord } else { $one }
        if ($inner.Exception -eq $Exception -and $null -eq $inner.TargetObject) { $errors.Remove($one) }
    }
}
